import { Agent, request } from 'undici';
import { AppError } from '../../domain/errors.ts';
import type { PushAnswer, PushHeaders, PushRelay } from '../../ports/push.ts';

/** Says that a request was passed on once already. */
const RELAYED = 'lockkeeper-relayed';

/** About one connection, and not about the message (RFC 9110, 7.6.1); the rest is for the sender's authentication. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Longest message of an answer that is passed back. */
const MAX_MESSAGE_BYTES = 1_024;

/** Time for the other process to take a connection: it is in the same cluster. */
const CONNECT_TIMEOUT_MS = 2_000;

const STATUSES: ReadonlySet<number> = new Set<PushAnswer['status']>([
  202, 204, 400, 401, 404, 413, 429, 503,
]);

/** Passes requests on to another process of this program, by plain HTTP as an Ingress does. */
export function createPushRelay(): PushRelay & { close(): Promise<void> } {
  const dispatcher = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, connections: 16 });
  return {
    isRelayed: (headers) => headers[RELAYED] !== undefined,
    send: async (to, { path, headers, body }, signal) => {
      try {
        const response = await request(`http://${to}${path}`, {
          method: 'POST',
          headers: { ...passedOn(headers), [RELAYED]: '1' },
          body,
          dispatcher,
          signal,
        });
        const message = await firstLine(response.body);
        return answerOf(response.statusCode, response.headers['retry-after'], message);
      } catch (cause) {
        throw new AppError('cluster/unreachable', `the leader at ${to} does not answer`, {
          retry: true,
          cause,
        });
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function passedOn(headers: PushHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || OF_CONNECTION.has(name) ? [] : [[name, value] as const],
    ),
  );
}

async function firstLine(body: AsyncIterable<Buffer>): Promise<string> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of body) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > MAX_MESSAGE_BYTES) break;
  }
  return bytes.subarray(0, MAX_MESSAGE_BYTES).toString().split('\n', 1)[0] ?? '';
}

function answerOf(status: number, retryAfter: unknown, message: string): PushAnswer {
  if (!STATUSES.has(status)) throw new Error(`answered ${status}`);
  const seconds = Number(retryAfter);
  return {
    status: status as PushAnswer['status'],
    ...(message === '' ? {} : { message }),
    ...(Number.isInteger(seconds) && seconds > 0 ? { retryAfterS: seconds } : {}),
  };
}
