import type { Secrets } from '../../ports.ts';
import type { ClusterContext } from './context.ts';
import { readSecret } from './read-secret.ts';
import { SecretFollower } from './secret-follower.ts';

/** Each watch is a connection of its own; beyond so many Secrets, the others are read from time to time. */
const MAX_WATCHES = 100;

interface Following {
  readonly changed: (namespace: string, name: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Single Secrets by name. While {@link follow} runs, those that were read are followed, so that reading them again
 * costs no request. Never lists Secrets.
 */
export class ClusterSecrets implements Secrets {
  readonly #context: ClusterContext;
  readonly #followers = new Map<string, SecretFollower>();
  #following: Following | undefined;

  constructor(context: ClusterContext) {
    this.#context = context;
  }

  async get(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const secret = { namespace, name };
    const follower = this.#followers.get(`${namespace}/${name}`);
    if (follower !== undefined) return (await follower.read(signal)).data;
    if (this.#following === undefined)
      return (await readSecret(this.#context, secret, signal)).data;
    return (await this.#follow(secret, this.#following).read(signal)).data;
  }

  /** Tells of changes of Secrets that were read, until the signal fires. */
  async follow(
    changed: (namespace: string, name: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const following = { changed, signal };
    this.#following = following;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (this.#following === following) this.#following = undefined;
  }

  #follow(
    secret: { readonly namespace: string; readonly name: string },
    { changed, signal }: Following,
  ): SecretFollower {
    const { namespace, name } = secret;
    const key = `${namespace}/${name}`;
    const follower = new SecretFollower(this.#context, {
      secret,
      mayWatch: this.#followers.size < MAX_WATCHES,
      changed: () => changed(namespace, name),
    });
    this.#followers.set(key, follower);
    void follower.run(signal).finally(() => this.#followers.delete(key));
    return follower;
  }
}
