import { request as send, type Dispatcher } from 'undici';
import { z } from 'zod';
import { encodeBasic } from '../../connections/encode-basic.ts';
import { openConnections } from '../../connections/open-connections.ts';
import { proxyTrouble } from '../../connections/proxy-trouble.ts';
import { readBody } from '../../connections/read-body.ts';
import { retryAfterMs } from '../../connections/retry-after.ts';
import { tlsOptions } from '../../connections/tls-options.ts';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { quotable } from '../../domain/foreign-text.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { ForgeAccess } from '../../ports/forge.ts';
import { budgetOf, type ForgeApi, type OnForgeEvent } from './events.ts';

const TIMEOUT_MS = 30_000;
/** A page of a hundred pull requests with long bodies is a few MB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One request to the API. */
export interface ForgeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the API's base, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** A status besides 2xx that says: it is so already. */
  readonly already?: number;
}

/** The texts in which forges say what is wrong. */
const Complaint = z.object({
  message: z.unknown().optional(),
  error: z.union([z.string(), z.object({ message: z.string() })]).optional(),
  errors: z.array(z.union([z.string(), z.object({ message: z.string() })])).optional(),
});

/** How the API is logged in to, and the way to it. */
export type ForgeWay = Pick<
  ForgeAccess,
  'basic' | 'bearerToken' | 'clientCertificate' | 'proxy'
> & {
  /** PEM files of certificates trusted besides the system's. */
  readonly cas: readonly (string | undefined)[];
  readonly api: ForgeApi;
  readonly onEvent: OnForgeEvent;
};

/** Speaks JSON with a forge. Redirects are not followed: a login goes to the host it is meant for. */
export class ForgeHttp {
  readonly #api: string;
  readonly #authorization: string | undefined;
  readonly #secrets: readonly string[];
  readonly #dispatcher: Dispatcher;
  /** For messages. */
  readonly #proxy: string | undefined;
  readonly #events: Pick<ForgeWay, 'api' | 'onEvent'>;
  readonly #right: string;

  /**
   * @param api base of the API, without a slash at its end
   * @param right what the login must be allowed to do, for messages
   */
  constructor(api: string, way: ForgeWay, right = 'to write pull requests') {
    const { basic, bearerToken, cas, clientCertificate, proxy } = way;
    this.#api = api;
    this.#right = right;
    this.#authorization =
      bearerToken === undefined ? basic && `Basic ${encodeBasic(basic)}` : `Bearer ${bearerToken}`;
    this.#secrets = [bearerToken, basic?.password, basic && encodeBasic(basic)].filter(
      (text) => text !== undefined,
    );
    const tls = tlsOptions({ cas, clientCertificate });
    // One pull request now and then: nothing is kept open for long.
    const agent = { keepAliveTimeout: 4_000 };
    this.#dispatcher = openConnections({ tls, proxy, agent }).dispatcher;
    this.#proxy = proxy?.url;
    this.#events = way;
  }

  /**
   * Sends a request and reads the answer through a schema.
   * @throws AppError `forge/…`, `cancelled`
   */
  async json<T>(request: ForgeRequest, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const text = await this.#exchange(request, signal);
    const result = schema.safeParse(parseJson(text));
    if (result.success) return result.data;
    throw new AppError('forge/bad-response', `${this.#where(request)}: unexpected answer`, {
      cause: result.error,
    });
  }

  /** Sends a request of which only the success matters. */
  async call(request: ForgeRequest, signal: AbortSignal): Promise<void> {
    await this.#exchange(request, signal);
  }

  async #exchange(request: ForgeRequest, signal: AbortSignal): Promise<string> {
    if (signal.aborted) throw new AppError('cancelled', 'cancelled');
    try {
      const response = await send(this.#url(request), {
        method: request.method,
        dispatcher: this.#dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          accept: 'application/json',
          'user-agent': 'lockkeeper',
          ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
      });
      this.#tell(response);
      const text = await this.#readBody(request, response);
      const { statusCode } = response;
      if ((statusCode >= 200 && statusCode < 300) || statusCode === request.already) return text;
      throw this.#refusal(request, response, text);
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (signal.aborted) throw new AppError('cancelled', 'cancelled');
      throw this.#noAnswer(request, error);
    }
  }

  #tell({ statusCode: status, headers }: Dispatcher.ResponseData): void {
    const { api, onEvent } = this.#events;
    const { host } = new URL(this.#api);
    onEvent({ kind: 'request', host, status });
    const budget = budgetOf(headers);
    if (budget !== undefined) onEvent({ kind: 'budget', host, api, ...budget });
  }

  #noAnswer(request: ForgeRequest, cause: unknown): AppError {
    this.#events.onEvent({ kind: 'request', host: new URL(this.#api).host, status: 'error' });
    const { text, mayPass } = proxyTrouble(cause, this.#proxy) ?? {
      text: reasonOf(cause),
      mayPass: true,
    };
    const message = `${this.#where(request)}: ${text}`;
    return new AppError('forge/unreachable', message, { cause, retry: mayPass });
  }

  #url({ path, query }: ForgeRequest): string {
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    return `${this.#api}${path}${search}`;
  }

  async #readBody(request: ForgeRequest, { body }: Dispatcher.ResponseData): Promise<string> {
    const bytes = await readBody(body, MAX_ANSWER_BYTES);
    if (bytes !== undefined) return bytes.toString('utf8');
    throw new AppError('forge/bad-response', `${this.#where(request)}: the answer is too large`);
  }

  #refusal(request: ForgeRequest, response: Dispatcher.ResponseData, text: string): AppError {
    const { statusCode } = response;
    const complaint = complaintOf(text);
    const code = codeOf(response, complaint);
    const detail = quotable(complaint, this.#secrets);
    const said = `${statusCode}${detail === '' ? '' : `: ${detail}`}`;
    const afterMs = retryAfterMs(textOf(response.headers['retry-after']), new Date());
    return new AppError(code, `${this.#where(request)}: ${this.#explained(code)} (${said})`, {
      retry: code === 'forge/rate-limited' || statusCode >= 500,
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  }

  #explained(code: ErrorCode): string {
    if (code !== 'forge/unauthorized') return EXPLAINED[code] ?? 'refused';
    return `access denied; the login must be allowed ${this.#right}`;
  }

  /** Host and path, for messages. */
  #where({ path }: ForgeRequest): string {
    return `${new URL(this.#api).host}${decodeURIComponent(path)}`;
  }
}

const EXPLAINED: Partial<Record<ErrorCode, string>> = {
  'forge/not-found':
    'there is no such repo, or not what is asked for in it, or the login does not show it',
  'forge/rate-limited': 'the forge allows no more requests for now',
};

function codeOf({ statusCode, headers }: Dispatcher.ResponseData, complaint: string): ErrorCode {
  if (statusCode === 429) return 'forge/rate-limited';
  // GitHub: a spent budget is a 403, and of a secondary one words alone may tell (docs.github.com, "Rate limits for the
  // REST API").
  const isSpent =
    headers['x-ratelimit-remaining'] === '0' ||
    'retry-after' in headers ||
    /\brate limit\b/i.test(complaint);
  if (statusCode === 403 && isSpent) return 'forge/rate-limited';
  if (statusCode === 401 || statusCode === 403) return 'forge/unauthorized';
  if (statusCode === 404) return 'forge/not-found';
  return statusCode >= 500 ? 'forge/unreachable' : 'forge/rejected';
}

/** What a body says is wrong; nothing when it does not say. */
function complaintOf(text: string): string {
  const complaint = Complaint.safeParse(parseJson(text)).data;
  if (complaint === undefined) return '';
  const { message, error, errors = [] } = complaint;
  const texts = [
    // GitLab: a text, a list of texts, or texts by field.
    typeof message === 'string' || message === undefined ? message : JSON.stringify(message),
    ...[error, ...errors].map((part) => (typeof part === 'object' ? part.message : part)),
  ];
  return texts.filter((part) => part !== undefined && part !== '').join('; ');
}

/** A header that stands once. */
function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${TIMEOUT_MS} ms`;
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return `the forge cannot be reached (${typeof code === 'string' ? code : 'connection failed'})`;
}
