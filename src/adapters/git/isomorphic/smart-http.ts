import { request, type Dispatcher } from 'undici';
import { openConnections } from '../../../connections/open-connections.ts';
import type { Connections } from '../../../connections/proxy-connections.ts';
import { ProxyUnreachable, TunnelRefused } from '../../../connections/proxy-failures.ts';
import { readBody } from '../../../connections/read-body.ts';
import { retryAfterMs } from '../../../connections/retry-after.ts';
import { isClientRefused } from '../../../connections/tls-trouble.ts';
import { AppError } from '../../../domain/errors.ts';
import { cancelled, throwIfCancelled } from '../../../domain/cancellation.ts';
import { accessRefusal, loginRefusal } from '../login-refusal.ts';
import { noGitServer, oneLine } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { badRequest, clientRefusal, proxyRefusal, throughProxy } from '../way-failure.ts';
import { packets, PacketError, type Packet } from './pkt-line.ts';

export type Service = 'git-upload-pack' | 'git-receive-pack';

/** No byte for so long is a dead connection. A server may think for a while before it sends a pack. */
const IDLE_TIMEOUT_MS = 120_000;
const AGENT = { headersTimeout: IDLE_TIMEOUT_MS, bodyTimeout: IDLE_TIMEOUT_MS };
/** Packs are held in memory here; repos beyond this need the native program. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/** The two requests of Git's smart HTTP protocol (gitprotocol-http). Redirects are never followed. */
export class SmartHttp {
  readonly #remote: Remote;
  readonly #connections: Connections;

  constructor(remote: Remote) {
    this.#remote = remote;
    const { tls, proxy } = remote;
    this.#connections = openConnections({ tls, proxy, agent: AGENT });
  }

  /** What a service offers. @param version protocol version to ask for */
  async discover(service: Service, version: 0 | 2, signal: AbortSignal): Promise<Buffer> {
    return this.#exchange({
      path: `/info/refs?service=${service}`,
      expect: `application/x-${service}-advertisement`,
      headers: version === 2 ? { 'git-protocol': 'version=2' } : {},
      signal,
    });
  }

  /** Calls a service. @param version protocol version that the body is written in */
  async call(
    service: Service,
    { version, body, signal }: { version: 0 | 2; body: Buffer; signal: AbortSignal },
  ): Promise<Buffer> {
    return this.#exchange({
      path: `/${service}`,
      expect: `application/x-${service}-result`,
      headers: {
        'content-type': `application/x-${service}-request`,
        ...(version === 2 ? { 'git-protocol': 'version=2' } : {}),
      },
      body,
      signal,
    });
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }

  async #exchange(options: {
    readonly path: string;
    readonly expect: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Buffer;
    readonly signal: AbortSignal;
  }): Promise<Buffer> {
    const { signal, body } = options;
    const { authorization } = this.#remote;
    throwIfCancelled(signal);
    try {
      const response = await request(this.#address(options.path), {
        dispatcher: this.#connections.dispatcher,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: options.expect,
          // Some forges serve Git only to clients that call themselves so.
          'user-agent': 'git/2 (lockkeeper)',
          ...options.headers,
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(body === undefined ? {} : { body }),
        signal,
      });
      await this.#checkAnswer(response, options.expect);
      return await this.#readBody(response);
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (signal.aborted) throw cancelled();
      throw connectionFailure(this.#remote, error);
    }
  }

  #address(path: string): string {
    const url = new URL(this.#remote.url);
    const [pathname = '', search = ''] = path.split('?');
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${pathname}`;
    if (search !== '') url.search = search;
    return url.href;
  }

  async #checkAnswer(response: Dispatcher.ResponseData, expect: string): Promise<void> {
    const { statusCode } = response;
    const type = String(response.headers['content-type'] ?? '').split(';')[0];
    if (statusCode === 200 && type === expect) return;
    const text = await firstText(response);
    if (statusCode === 200) throw noGitServer(this.#remote);
    throw statusFailure(this.#remote, { statusCode, headers: response.headers, text });
  }

  async #readBody(response: Dispatcher.ResponseData): Promise<Buffer> {
    const bytes = await readBody(response.body, MAX_ANSWER_BYTES);
    if (bytes !== undefined) return bytes;
    throw new AppError(
      'git/unsupported',
      `${this.#remote.display} is too large to be read without the git program; install it`,
    );
  }
}

/**
 * Splits an answer into packets.
 * @throws AppError `git/not-found` for what is not Git's, `git/unreachable` for half an answer
 */
export function readPackets(remote: Remote, bytes: Buffer): Packet[] {
  try {
    return [...packets(bytes)];
  } catch (cause) {
    const looksLikeGit = /^[0-9a-f]{4}/.test(bytes.toString('latin1', 0, 4));
    if (!(cause instanceof PacketError) || !looksLikeGit) throw noGitServer(remote);
    throw new AppError('git/unreachable', `${remote.display} sent half an answer`, {
      retry: true,
      cause,
    });
  }
}

function statusFailure(
  remote: Remote,
  answer: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly text: string;
  },
): AppError {
  const { statusCode, headers } = answer;
  const words = oneLine(remote, `HTTP ${statusCode} ${answer.text} ${explanation(headers)}`);
  const { display } = remote;
  if (statusCode === 400) return badRequest(remote, words);
  if (statusCode === 401) return loginRefusal(remote, words);
  if (statusCode === 403) return accessRefusal(remote, words);
  if (statusCode === 407) return proxyRefusal(remote, statusCode);
  if (statusCode === 404 || statusCode === 410) {
    return new AppError('git/not-found', `there is no Git repo at ${display} (${words})`);
  }
  if (statusCode >= 300 && statusCode < 400) {
    return new AppError(
      'git/not-found',
      `${display} is answered with a redirect: use the address it leads to (often the same with .git at its end)`,
    );
  }
  const pause = headers['retry-after'];
  const afterMs = retryAfterMs(typeof pause === 'string' ? pause : undefined, new Date());
  return new AppError('git/unreachable', `${display} cannot serve the request (${words})`, {
    retry: true,
    ...(afterMs === undefined ? {} : { afterMs }),
  });
}

/** What OAuth servers (RFC 6750) and Azure DevOps say of a login besides the body. */
function explanation(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const challenge = String(headers['www-authenticate'] ?? '');
  const described = /error_description="([^"]*)"/.exec(challenge)?.[1] ?? '';
  const encoded = String(headers['x-tfs-serviceerror'] ?? '');
  return `${described} ${encoded.replaceAll('%20', ' ').replaceAll('%3A', ':')}`;
}

function connectionFailure(remote: Remote, cause: unknown): AppError {
  if (cause instanceof TunnelRefused) return proxyRefusal(remote, cause.status);
  const { display } = remote;
  const unreachable = (what: string) => new AppError('git/unreachable', what, { retry: true });
  if (cause instanceof ProxyUnreachable) {
    const words = wordsOf(remote, cause.cause);
    return unreachable(`${display} cannot be reached: no answer from the proxy (${words})`);
  }
  const words = wordsOf(remote, cause);
  const code = codeOf(cause);
  if (isClientRefused(code)) return clientRefusal(remote, words);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return unreachable(
      `no trusted TLS connection to ${display}; give its CA certificate (${words})`,
    );
  }
  return unreachable(`${display} cannot be reached${throughProxy(remote)} (${words})`);
}

function codeOf(error: unknown): string {
  const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

function wordsOf(remote: Remote, error: unknown): string {
  const { message = '' } = error as { readonly message?: string };
  return oneLine(remote, `${codeOf(error)} ${message}`);
}

/** The first words of a refusal, when they are text and not a page. */
async function firstText(response: Dispatcher.ResponseData): Promise<string> {
  const isPlain = String(response.headers['content-type'] ?? '').startsWith('text/plain');
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > 500) break;
  }
  return isPlain ? text.slice(0, 200) : '';
}
