import { request as send, type Dispatcher } from 'undici';
import { openConnections } from '../../connections/open-connections.ts';
import type { Connections } from '../../connections/proxy-connections.ts';
import { proxyTrouble } from '../../connections/proxy-trouble.ts';
import { readBody } from '../../connections/read-body.ts';
import { retryAfterMs } from '../../connections/retry-after.ts';
import { tlsOptions } from '../../connections/tls-options.ts';
import { AppError } from '../../domain/errors.ts';
import type { ClientCertificate } from '../../domain/access.ts';
import type { Proxy } from '../../domain/proxy.ts';
import { parseJson } from '../../domain/parse-json.ts';

/** What is known of an App or an installation is a few KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** An answer of the API, whatever it says. */
export interface GitHubAnswer {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
  /** By the server's clock, in ms since the epoch. */
  readonly sentAt: number | undefined;
  /** When to ask again, in ms from now, where the answer is that too much was asked. */
  readonly limitedForMs: number | undefined;
}

/** How the API is reached. */
export interface GitHubWay {
  /** Base of the API, without a slash at its end. */
  readonly apiUrl: string;
  /** PEM files of certificates trusted besides the system's. */
  readonly cas: readonly (string | undefined)[];
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly proxy?: Proxy | undefined;
}

/** The API of a GitHub, as a GitHub App speaks with it. Redirects are not followed. */
export class GitHubApi {
  readonly #base: string;
  readonly #connections: Connections;
  /** For messages. */
  readonly #proxy: string | undefined;

  /** @throws AppError `secret/invalid` when a certificate or key is none */
  constructor({ apiUrl, cas, clientCertificate, proxy }: GitHubWay) {
    const tls = tlsOptions({ cas, clientCertificate });
    this.#base = apiUrl;
    this.#connections = openConnections({ tls, proxy, agent: {} });
    this.#proxy = proxy?.url;
  }

  /** @throws AppError `git/unreachable` where there is no answer */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    jwt: string,
    signal: AbortSignal,
  ): Promise<GitHubAnswer> {
    const url = `${this.#base}${path}`;
    try {
      const { statusCode, headers, body } = await send(url, {
        method,
        dispatcher: this.#connections.dispatcher,
        signal,
        headers: {
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
          'user-agent': 'lockkeeper',
          authorization: `Bearer ${jwt}`,
        },
      });
      const sentAt = timeOf(headers['date']);
      return {
        status: statusCode,
        body: await jsonOf(body),
        sentAt,
        limitedForMs: limitOf(statusCode, headers, new Date(sentAt ?? NaN)),
      };
    } catch (cause) {
      const { host } = new URL(url);
      const barred = proxyTrouble(cause, this.#proxy);
      const text = barred === undefined ? troubleOf(cause, host) : `${host}: ${barred.text}`;
      throw new AppError('git/unreachable', text, { retry: barred?.mayPass ?? true, cause });
    }
  }

  /** Ends its connections. */
  close(): Promise<void> {
    return this.#connections.destroy();
  }
}

async function jsonOf(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  const bytes = await readBody(body, MAX_ANSWER_BYTES);
  return bytes === undefined ? undefined : parseJson(bytes.toString('utf8'));
}

function timeOf(date: string | string[] | undefined): number | undefined {
  const time = Date.parse(String(date));
  return Number.isNaN(time) ? undefined : time;
}

/** A budget that is spent is a 429, or a 403 with headers that say so (docs.github.com, "Rate limits for the REST API"). */
function limitOf(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  sentAt: Date,
): number | undefined {
  const named = headers['retry-after'];
  const waitMs = retryAfterMs(typeof named === 'string' ? named : undefined, sentAt);
  const isSpent = headers['x-ratelimit-remaining'] === '0' || waitMs !== undefined;
  if (status !== 429 && !(status === 403 && isSpent)) return undefined;
  return waitMs ?? 0;
}

function troubleOf(cause: unknown, host: string): string {
  const { code = 'no answer' } = cause as { readonly code?: string };
  const isTls = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  return isTls
    ? `no trusted TLS connection to ${host}; give its CA certificate (${code})`
    : `${host} cannot be asked for a token (${code})`;
}
