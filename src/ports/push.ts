/**
 * How registries tell of pushes, as interfaces: the endpoint that takes their requests, and the formats
 * in which they send. Apart from the other ports because they go the other way: here the outside calls.
 */
import type { ImageReceiverSpec } from '../api/image-receiver.ts';
import type { ObjectMeta } from '../api/schema.ts';
import type { PushedImage } from '../domain/push/pushed-image.ts';

/** Headers of a request by lower-case name; of a repeated one the values are joined by a comma. */
export type PushHeaders = Readonly<Record<string, string | undefined>>;

/** A request before its body is read. */
export interface PushHead {
  /** Without query. It may be a secret: it is neither logged nor told. */
  readonly path: string;
  /** Who sent it, by network address; behind a proxy, the proxy. */
  readonly source: string;
  readonly headers: PushHeaders;
}

/** All that a sender is told. */
export interface PushAnswer {
  readonly status: 202 | 204 | 400 | 401 | 404 | 413 | 429 | 503;
  /** One line, for those who have shown that they may send. */
  readonly message?: string;
  /** When to come back, in seconds. */
  readonly retryAfterS?: number;
}

/** Answers a request whose body is read. @param body undefined: it is larger than is read */
export type PushBodyHandler = (
  body: Uint8Array | undefined,
  signal: AbortSignal,
) => Promise<PushAnswer>;

/** Answers a request at once, by its head alone, or asks for the body. */
export type PushHandler = (head: PushHead) => PushAnswer | PushBodyHandler;

/** Where pushes are told of. */
export interface PushEndpoint {
  /** Hands requests to a handler until the returned function is called; meanwhile to nobody else. */
  handle(handler: PushHandler): () => void;
}

/** Who sends to a receiver, and by what it is known. */
export interface PushSender extends Pick<ImageReceiverSpec, 'type' | 'identity'> {
  /** The `token` of the receiver's Secret. */
  readonly token: string;
}

/** What a request says: pushes; nothing, because it is not the sender's; or nothing that can be understood. */
export type PushReading =
  | { readonly kind: 'pushes'; readonly images: readonly PushedImage[] }
  | { readonly kind: 'refused' }
  | { readonly kind: 'malformed'; readonly message: string };

/** The formats in which registries send, and how each shows that it is the sender. */
export interface PushMessages {
  /** The path of a receiver, which nobody can guess without the token. */
  pathOf(receiver: Pick<ObjectMeta, 'namespace' | 'name'>, token: string): string;
  /** Hash of a path: looking that up tells nothing, by the time it takes, to somebody who guesses. */
  addressOf(path: string): string;
  /**
   * Authenticates a request, and only then reads it.
   * @throws AppError `registry/unreachable` when the sender's keys cannot be had
   */
  read(
    sender: PushSender,
    request: { readonly headers: PushHeaders; readonly body: Uint8Array },
    signal: AbortSignal,
  ): Promise<PushReading>;
}

/** Passes requests on to the process that leads. */
export interface PushRelay {
  /** Was a request passed on already? */
  isRelayed(headers: PushHeaders): boolean;
  /**
   * @param to `HOST:PORT`
   * @returns what the other process answers
   * @throws AppError `cluster/unreachable`
   */
  send(
    to: string,
    request: {
      readonly path: string;
      readonly headers: PushHeaders;
      readonly body: Uint8Array;
    },
    signal: AbortSignal,
  ): Promise<PushAnswer>;
}

/** All together: what a process has that takes pushes. */
export interface PushPorts {
  readonly endpoint: PushEndpoint;
  readonly messages: PushMessages;
}
