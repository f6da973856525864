import { setMaxListeners } from 'node:events';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';

/** The end of one port call: its time bound and the caller's signal in one. */
export interface Deadline {
  /** Fires at the bound or with the caller's signal, whichever comes first. */
  readonly signal: AbortSignal;
  /** Time left, in ms; never negative. */
  remainingMs(): number;
  /** What the firing of `signal` means to the user. */
  error(where: string): AppError;
}

/**
 * Runs `work` under a bound. Timer and listener are gone afterwards: a controller's root signal lives
 * for months and must not collect one listener per scan.
 */
export async function withDeadline<T>(
  bound: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly clock: Clock },
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const { timeoutMs, signal, clock } = bound;
  const endsAt = clock.now().getTime() + timeoutMs;
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, timeoutMs);
  setMaxListeners(0, signal); // many calls may wait on one signal; that is no leak
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await work({
      signal: controller.signal,
      remainingMs: () => Math.max(0, endsAt - clock.now().getTime()),
      error: (where) =>
        signal.aborted
          ? new AppError('cancelled', `${where}: cancelled`)
          : new AppError('registry/unreachable', `${where}: no answer within ${timeoutMs} ms`, {
              retry: true,
            }),
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
