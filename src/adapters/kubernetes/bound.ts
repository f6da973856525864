import { setMaxListeners } from 'node:events';

/** A signal that fires with another one, or when the time is up. */
export interface Bound {
  readonly signal: AbortSignal;
  /** What was to come in time has come: only the other signal counts from now on. */
  inTime(): void;
  /** Fires it, if it has not, and leaves nothing attached to the other signal. */
  end(): void;
}

/**
 * Like `AbortSignal.any` with `AbortSignal.timeout`, but without a trace on the long-lived signal of the
 * process, on which thousands of requests are bound.
 */
export function bound(signal: AbortSignal, timeoutMs: number): Bound {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  if (signal.aborted) stop();
  // Many watches hang on one signal; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', stop, { once: true });
  const late = () => controller.abort(new Error(`it did not answer within ${timeoutMs} ms`));
  const timer = setTimeout(late, timeoutMs);
  return {
    signal: controller.signal,
    inTime: () => clearTimeout(timer),
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      controller.abort();
    },
  };
}
