import { request as send, type Dispatcher } from 'undici';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { parseJson } from '../../domain/parse-json.ts';
import { bound } from './bound.ts';
import { answerError, connectionError, statusCode } from './errors.ts';
import type { Connection } from './kube-config.ts';
import { pathOf, type ApiRequest, type Verb } from './resource.ts';

const METHODS: Readonly<Record<Verb, Dispatcher.HttpMethod>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
};

const WatchEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

/** One line of a watch, other than a failure. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'EXPIRED';
  readonly object: unknown;
}

/** What to do about one request. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Statuses besides 2xx that the caller knows what to do with. */
  readonly expect?: readonly number[];
}

/** Sends requests to an API server; every failure is an AppError. */
export class ApiClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * One request and its whole answer.
   * @throws AppError `cluster/unreachable`, `cluster/forbidden`, `cluster/invalid`, `cancelled`
   */
  async call(
    request: ApiRequest,
    { signal, timeoutMs, expect = [] }: CallOptions,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const limit = bound(signal, timeoutMs);
    try {
      const response = await this.#send(request, limit.signal, timeoutMs);
      const body = parseJson(await response.body.text());
      const status = response.statusCode;
      if (isSuccess(status) || expect.includes(status)) return { status, body };
      throw answerError(request, { status, body, ...retryAfter(response) });
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      limit.end();
    }
  }

  /**
   * Events of a watch until the server ends it. `EXPIRED` is the last one when the server has forgotten
   * where the watch was to begin.
   * @param connected called when the server has accepted the watch
   */
  async *watch(
    request: ApiRequest,
    options: {
      readonly signal: AbortSignal;
      readonly timeoutMs: number;
      readonly silenceMs: number;
    },
    connected: () => void,
  ): AsyncGenerator<WatchEvent> {
    const { signal, timeoutMs, silenceMs } = options;
    const limit = bound(signal, timeoutMs);
    try {
      const response = await this.#send(request, limit.signal, silenceMs);
      if (!isSuccess(response.statusCode)) {
        yield* this.#refused(request, response);
        return;
      }
      limit.inTime();
      connected();
      for await (const line of lines(response.body)) yield eventOf(line, request);
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      limit.end();
    }
  }

  async *#refused(
    request: ApiRequest,
    response: Dispatcher.ResponseData,
  ): AsyncGenerator<WatchEvent> {
    const body = parseJson(await response.body.text());
    if (response.statusCode !== 410)
      throw answerError(request, { status: response.statusCode, body, ...retryAfter(response) });
    yield { type: 'EXPIRED', object: body };
  }

  async #send(
    request: ApiRequest,
    signal: AbortSignal,
    silenceMs: number,
  ): Promise<Dispatcher.ResponseData> {
    const { dispatcher, headers } = await this.#connection.prepare();
    return send(`${this.#connection.server}${pathOf(request)}`, {
      method: METHODS[request.verb],
      dispatcher,
      signal,
      bodyTimeout: silenceMs,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': 'lockkeeper',
        'content-type': request.contentType ?? 'application/json',
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
    });
  }

  #failure(error: unknown, signal: AbortSignal): AppError {
    if (signal.aborted)
      return new AppError('cancelled', 'stopped while speaking to the API server', {
        cause: error,
      });
    return connectionError(this.#connection.server, error);
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function retryAfter({ headers }: Dispatcher.ResponseData): { retryAfter?: string } {
  const value = headers['retry-after'];
  return typeof value === 'string' ? { retryAfter: value } : {};
}

function eventOf(line: string, request: ApiRequest): WatchEvent {
  const event = WatchEvent.safeParse(parseJson(line)).data;
  if (event === undefined) {
    const text = 'the API server sent a watch event that is none';
    throw new AppError('cluster/invalid', text, { retry: true });
  }
  if (event.type !== 'ERROR') return { type: event.type, object: event.object };
  const status = statusCode(event.object) ?? 500;
  if (status === 410) return { type: 'EXPIRED', object: event.object };
  throw answerError(request, { status, body: event.object });
}

async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line !== '') yield line;
  }
}
