import { AppError } from './errors.ts';

/** The error for a fired signal. */
export function cancelled(message = 'cancelled'): AppError {
  return new AppError('cancelled', message);
}

/** @throws AppError `cancelled` when the signal has fired */
export function throwIfCancelled(signal: AbortSignal, message?: string): void {
  if (signal.aborted) throw cancelled(message);
}

/**
 * The same promise, except that it rejects as soon as the signal fires; the work itself goes on.
 * @param message of that rejection
 * @throws AppError `cancelled`, and what the work throws
 */
export async function untilCancelled<T>(
  work: Promise<T>,
  signal: AbortSignal,
  message?: string,
): Promise<T> {
  throwIfCancelled(signal, message);
  let onAbort: () => void = () => undefined;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(cancelled(message));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
