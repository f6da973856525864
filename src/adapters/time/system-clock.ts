import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';

/** Longest single timer: `setTimeout` takes a signed 32-bit number of ms, and fires at once beyond it. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      for (let left = ms; left >= 0; left -= MAX_TIMER_MS) {
        await sleep(Math.min(left, MAX_TIMER_MS), undefined, { signal });
      }
    } catch (cause) {
      throw new AppError('cancelled', 'stopped while waiting', { cause });
    }
  },
};
