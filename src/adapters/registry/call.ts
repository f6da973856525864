import type { RegistryAccess } from '../../ports/registry.ts';
import type { Credentials } from './credentials.ts';
import type { Deadline } from './deadline.ts';

/** One call of the port: what every request that it leads to has in common. */
export interface Call {
  /** For messages: host and path, `ghcr.io/team/app`. */
  readonly name: string;
  /** Path below the host: the name that token scopes use. */
  readonly path: string;
  /** Base of the repository's API, ending in a slash. */
  readonly base: URL;
  readonly access: RegistryAccess;
  readonly credentials: Credentials;
  readonly deadline: Deadline;
  /** All that must never be seen in a message. Grows as tokens are fetched. */
  readonly secrets: Set<string>;
}

/** One request. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to the URL's own origin only, never after a redirect to another. */
  readonly authorization?: string | undefined;
  readonly body?: string;
  /** Largest body of a success, in bytes. */
  readonly maxBytes: number;
}

/** An answer, read to its end. */
export interface HttpResponse {
  /** Who answered, redirects followed. */
  readonly url: URL;
  readonly status: number;
  /** A header's value; several values are joined by a comma. */
  header(name: string): string | undefined;
  /** Cut off for statuses from 300 on. */
  readonly body: Buffer;
}
