import { type Dispatcher, request as send } from 'undici';
import { retryAfterMs } from '../../connections/retry-after.ts';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Agents } from './agents.ts';
import type { Call, HttpRequest, HttpResponse } from './call.ts';
import { type OnRegistryEvent, requestEvent } from './events.ts';
import { mayFollow } from './endpoint.ts';
import { badResponse, isRateLimited } from './errors.ts';
import type { HostLimiter } from './host-limiter.ts';

const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** An error body is only read for its first message. */
const MAX_ERROR_BYTES = 16 * 1024;

/** What a request goes through. */
export interface Wire {
  readonly agents: Agents;
  readonly limiter: HostLimiter;
  readonly onEvent: OnRegistryEvent;
  readonly clock: Clock;
}

/**
 * Sends one request and reads the answer. GET and HEAD follow redirects where {@link mayFollow} allows.
 * Each host on the way is asked within its own budget.
 * @throws AppError `registry/too-large`, `registry/bad-response`, and those of {@link HostLimiter};
 * whatever undici throws
 */
export async function exchange(
  request: HttpRequest,
  call: Call,
  wire: Wire,
): Promise<HttpResponse> {
  let url = request.url;
  for (let redirects = 0; ; redirects++) {
    const response = await sendInTurn(url, request, call, wire);
    if (!REDIRECT_STATUSES.has(response.status) || request.method === 'POST') return response;
    if (redirects === MAX_REDIRECTS)
      throw badResponse(call, `more than ${MAX_REDIRECTS} redirects`);
    url = redirectTarget(response, call);
  }
}

function redirectTarget(response: HttpResponse, call: Call): URL {
  const location = response.header('location') ?? '';
  const fault = `${response.url.host} redirects to`;
  if (location === '' || !URL.canParse(location, response.url.href))
    throw badResponse(call, `${fault} nowhere`);
  const target = new URL(location, response.url);
  if (!mayFollow(target, call.base, call.access.insecure))
    throw badResponse(call, `${fault} ${target.origin}: plain HTTP or a private address`);
  return target;
}

async function sendInTurn(
  url: URL,
  request: HttpRequest,
  call: Call,
  wire: Wire,
): Promise<HttpResponse> {
  const turn = await wire.limiter.turn(url.host, call);
  try {
    const response = await sendTo(url, request, call, wire);
    if (isRateLimited(response))
      turn.refused(retryAfterMs(response.header('retry-after'), wire.clock.now()) ?? 0);
    return response;
  } finally {
    turn.end();
  }
}

async function sendTo(
  url: URL,
  request: HttpRequest,
  call: Call,
  { agents, onEvent }: Wire,
): Promise<HttpResponse> {
  const tell = (status: number | 'error') => onEvent(requestEvent(url, call, status));
  const isTrusted = url.origin === request.url.origin;
  const authorization = isTrusted ? request.authorization : undefined;
  let response: Dispatcher.ResponseData;
  try {
    response = await send(url, {
      method: request.method,
      dispatcher: agents.get({ access: call.access, url, isTrusted }),
      signal: call.deadline.signal,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      body: request.body ?? null,
    });
  } catch (error) {
    tell('error');
    throw error;
  }
  tell(response.statusCode);
  const { statusCode: status, headers } = response;
  return {
    url,
    status,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: await readBody(response, request.maxBytes, call),
  };
}

/** Reads no more than allowed: leaving the loop early ends the connection. */
async function readBody(
  response: Dispatcher.ResponseData,
  maxBytes: number,
  call: Call,
): Promise<Buffer> {
  const failed = response.statusCode >= 300;
  const limit = failed ? MAX_ERROR_BYTES : maxBytes;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit && !failed)
      throw new AppError(
        'registry/too-large',
        `${call.name}: the answer is larger than ${limit} bytes and was cut off`,
      );
    chunks.push(chunk);
    if (size > limit) break;
  }
  return Buffer.concat(chunks);
}
