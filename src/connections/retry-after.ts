/** Nobody pauses us for longer, whatever is said: a slip of a clock must not stop updates for days. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/**
 * `Retry-After` in ms from now: seconds, with a fraction as GHCR sends them, or an HTTP date (RFC 9110
 * section 10.2.3); undefined for anything else.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(header)
    ? Math.ceil(Number(header) * 1000)
    : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
