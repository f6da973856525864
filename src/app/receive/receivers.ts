import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ObjectMeta } from '../../api/schema.ts';
import { AppError } from '../../domain/errors.ts';
import type { Secrets } from '../../ports/ports.ts';
import type { PushMessages } from '../../ports/push.ts';
import { requiredSecret } from '../access/required-secret.ts';

/** Shortest token: it must not be guessed from the path, which people may see. */
const MIN_TOKEN_CHARS = 16;

/** A receiver that takes requests. */
export interface OpenReceiver {
  readonly receiver: ImageReceiver;
  readonly token: string;
  readonly path: string;
}

/** The token of a receiver. @throws AppError `secret/not-found`, `secret/invalid` */
export async function receiverToken(
  { metadata: { namespace }, spec: { secretRef } }: ImageReceiver,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<string> {
  const secret = await requiredSecret(secrets, namespace, secretRef.name, signal);
  const token = secret['token'];
  if (token !== undefined && token.length >= MIN_TOKEN_CHARS) return token;
  const fault =
    token === undefined
      ? 'has no token'
      : `has a token of less than ${MIN_TOKEN_CHARS} characters, which could be guessed`;
  throw new AppError('secret/invalid', `Secret ${namespace}/${secretRef.name} ${fault}`);
}

/**
 * Opens a receiver with the token that its Secret has now; one whose Secret is gone or of no use is closed.
 * @throws AppError `secret/not-found`, `secret/invalid`, or why the Secret could not be read: then what was open stays open
 */
export async function openReceiver(
  receivers: Receivers,
  receiver: ImageReceiver,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<OpenReceiver> {
  try {
    return receivers.open(receiver, await receiverToken(receiver, secrets, signal));
  } catch (error) {
    const isSure =
      error instanceof AppError &&
      (error.code === 'secret/not-found' || error.code === 'secret/invalid');
    if (isSure) receivers.close(receiver.metadata);
    throw error;
  } finally {
    receivers.settle(receiver.metadata);
  }
}

type Name = Pick<ObjectMeta, 'namespace' | 'name'>;

/** The receivers that take requests now, by where requests for them arrive. */
export class Receivers {
  readonly #messages: PushMessages;
  readonly #byAddress = new Map<string, OpenReceiver>();
  readonly #addresses = new Map<string, string>();
  readonly #awaited = new Set<string>();

  constructor(messages: PushMessages) {
    this.#messages = messages;
  }

  /** Opens a receiver, in place of its former self. */
  open(receiver: ImageReceiver, token: string): OpenReceiver {
    const path = this.#messages.pathOf(receiver.metadata, token);
    const address = this.#messages.addressOf(path);
    const opened = { receiver, token, path };
    this.close(receiver.metadata);
    this.#addresses.set(keyOf(receiver.metadata), address);
    this.#byAddress.set(address, opened);
    return opened;
  }

  /** From here on its path is unknown. */
  close(name: Name): void {
    const key = keyOf(name);
    const address = this.#addresses.get(key);
    this.#awaited.delete(key);
    this.#addresses.delete(key);
    if (address !== undefined) this.#byAddress.delete(address);
  }

  /** Closes all others. @param keys `namespace/name` of those that there still are */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const { receiver } of this.#byAddress.values()) {
      if (!keys.has(keyOf(receiver.metadata))) this.close(receiver.metadata);
    }
  }

  /** A receiver that is there, and about to be opened for the first time. */
  await(name: Name): void {
    this.#awaited.add(keyOf(name));
  }

  /** A receiver is open, or cannot be. */
  settle(name: Name): void {
    this.#awaited.delete(keyOf(name));
  }

  /** Is every receiver that there is open, as far as it can be? Until then, a path may be known soon. */
  get isComplete(): boolean {
    return this.#awaited.size === 0;
  }

  at(path: string): OpenReceiver | undefined {
    return this.#byAddress.get(this.#messages.addressOf(path));
  }
}

function keyOf({ namespace, name }: Name): string {
  return `${namespace}/${name}`;
}
