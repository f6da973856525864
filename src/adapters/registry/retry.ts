/** Attempts at one request, the first included. */
export const MAX_ATTEMPTS = 5;

const BASE_DELAY_MS = 500;

/** Statuses that may be gone a moment later. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Failures of a connection that was there: the next one may live. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
]);

/** Is a response with this status worth another attempt? */
export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUSES.has(status);
}

/** Is a request that failed with this error code worth another attempt? */
export function isTransientCode(code: string | undefined): boolean {
  return code !== undefined && TRANSIENT_CODES.has(code);
}

/** Exponential backoff with jitter, in ms. @param attempt the one that failed, from 1 @param random in [0, 1) */
export function backoffMs(attempt: number, random: number): number {
  return BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + random / 2);
}
