import { AppError } from '../../domain/errors.ts';

/** The error for a fired signal. */
export function cancelled(): AppError {
  return new AppError('cancelled', 'cancelled');
}

/** @throws AppError `cancelled` when the signal has fired */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

/** The same promise, except that it rejects with `cancelled` as soon as the signal fires. */
export async function untilCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfCancelled(signal);
  let onAbort: () => void = () => undefined;
  const abort = new Promise<never>((_, reject) => {
    onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
