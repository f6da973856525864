import { AppError } from './errors.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Milliseconds of a Go duration such as `90s`, `1h30m` or `1.5h`; a fraction of a millisecond is
 * rounded away.
 * @throws AppError `resource/invalid` when the text is none
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  if (!isWhole) {
    throw new AppError(
      'resource/invalid',
      `${JSON.stringify(text)} is not a duration such as 30s, 5m or 1h30m`,
    );
  }
  const ms = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
  return Math.round(ms);
}

/** How long to wait between attempts. */
export interface Backoff {
  /** Before the first further attempt. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** From 0 to below 1, drawn afresh for each wait. */
  readonly random: number;
}

/**
 * Wait after so many failures in a row, in ms: doubled each time up to the maximum, of which a random
 * half is taken off, so that clients that failed together do not come back together.
 * @param failures from 1
 */
export function backoffMs(failures: number, { firstMs, maxMs, random }: Backoff): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
  return Math.round(full * (0.5 + random / 2));
}

/** The earliest of some times; those that are undefined do not count. */
export function earliest(...times: readonly (Date | undefined)[]): Date | undefined {
  const known = times.flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return known.length === 0 ? undefined : new Date(Math.min(...known));
}
