import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PushAnswer, PushEndpoint, PushHandler, PushHeaders } from '../../ports/push.ts';
import { startServer, type RunningServer } from './listen.ts';

/** Largest body that is read; the largest event of a registry is some hundred kB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Bodies that are held at the same time; the others are asked to come back. */
const MAX_IN_FLIGHT = 64;

/** How long answering may take once a body is there: a sender waits for seconds, not for minutes. */
const ANSWER_TIMEOUT_MS = 10_000;

/** A running endpoint. */
export interface PushServer extends RunningServer {
  readonly endpoint: PushEndpoint;
}

/** While nobody handles requests: the sender, or the balancer before us, is to try again. */
const UNAVAILABLE: PushAnswer = { status: 503, retryAfterS: 5 };

/**
 * Takes the requests of registries. Whatever is not a POST, and every path that is nobody's, is answered in
 * the same way: with 404 and nothing.
 * @param listen as in {@link startServer}
 * @throws AppError `usage` when it cannot listen there
 */
export async function startPushServer(listen: string): Promise<PushServer> {
  let handler: PushHandler | undefined;
  let inFlight = 0;
  const server = await startServer(listen, (request, response) => {
    const answered =
      request.method === 'POST' ? take(request) : Promise.resolve<PushAnswer>({ status: 404 });
    void answered
      .catch((): PushAnswer => UNAVAILABLE)
      .then((answer) => send(request, response, answer));
  });
  const take = async (request: IncomingMessage): Promise<PushAnswer> => {
    if (handler === undefined) return UNAVAILABLE;
    const headers = headersOf(request);
    const next = handler({
      path: (request.url ?? '').split('?', 1)[0] ?? '',
      source: request.socket.remoteAddress ?? '',
      headers,
    });
    if (typeof next !== 'function') return next;
    if (inFlight >= MAX_IN_FLIGHT) return UNAVAILABLE;
    inFlight += 1;
    try {
      return await next(await readBody(request), AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    } finally {
      inFlight -= 1;
    }
  };
  return {
    ...server,
    endpoint: {
      handle: (given) => {
        handler = given;
        return () => {
          if (handler === given) handler = undefined;
        };
      },
    },
  };
}

function headersOf(request: IncomingMessage): PushHeaders {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

/** The size that the sender announces, in bytes; undefined where it does not. */
function announcedBytes({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** @returns undefined when it is larger than is read */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const announced = announcedBytes(request);
  if (announced !== undefined && announced > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Not by iteration, which would end the connection before the answer is sent.
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        resolve(undefined);
      } else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the sender has gone')));
  });
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, retryAfterS }: PushAnswer,
): void {
  const headers = {
    'cache-control': 'no-store',
    ...(message === undefined ? {} : { 'content-type': 'text/plain; charset=utf-8' }),
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    // What was not read is not waited for, unless it is little.
    ...(request.complete || (announcedBytes(request) ?? Infinity) <= MAX_BODY_BYTES
      ? {}
      : { connection: 'close' }),
  };
  response.writeHead(status, headers).end(message === undefined ? '' : `${message}\n`);
}
