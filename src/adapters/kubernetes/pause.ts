import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, but not beyond the signal. Resolves in both cases; the caller looks at the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // The signal fired: there is nothing to wait for any more.
  }
}

/** Growing pauses between attempts, spread so that many clients do not come back at once. */
export class Backoff {
  readonly #timing: { readonly retryMs: number; readonly maxRetryMs: number };
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1 */
  constructor(
    timing: { readonly retryMs: number; readonly maxRetryMs: number },
    random: () => number,
  ) {
    this.#timing = timing;
    this.#random = random;
  }

  /** The pause before the next attempt, in ms: half to once and a half of the nominal one. */
  next(): number {
    const { retryMs, maxRetryMs } = this.#timing;
    const nominal = Math.min(retryMs * 2 ** this.#failures, maxRetryMs);
    this.#failures += 1;
    return nominal * (0.5 + this.#random());
  }

  /** Something worked. */
  reset(): void {
    this.#failures = 0;
  }
}
