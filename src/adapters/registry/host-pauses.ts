import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports.ts';
import type { Call } from './call.ts';

/** Which hosts asked to be left alone, and until when. A 429 is meant for all requests, not for one. */
export interface HostPauses {
  /** Sends nothing to `host` for `ms` from now; a longer pause that is there stays. */
  pause(host: string, ms: number): void;
  /**
   * Waits until `host` may be asked.
   * @throws AppError `registry/rate-limited` at once when that is later than the call's deadline
   */
  wait(host: string, call: Call): Promise<void>;
}

/** An empty memory. */
export function createHostPauses(clock: Clock): HostPauses {
  /** Ends of pauses by host, in ms since the epoch. */
  const endsAt = new Map<string, number>();
  const leftOf = (host: string) => Math.max(0, (endsAt.get(host) ?? 0) - clock.now().getTime());
  return {
    pause(host, ms) {
      endsAt.set(host, clock.now().getTime() + Math.max(ms, leftOf(host)));
    },
    async wait(host, call) {
      for (let left = leftOf(host); left > 0; left = leftOf(host)) {
        if (left >= call.deadline.remainingMs())
          throw new AppError(
            'registry/rate-limited',
            `${call.name}: ${host} allows no more requests for another ${Math.ceil(left / 1000)} s`,
            { retry: true, afterMs: left },
          );
        await sleepInCall(clock, left, call);
      }
    },
  };
}

/** A clock says "cancelled" only; whether the user or the deadline ended the wait, the call knows. */
export async function sleepInCall(clock: Clock, ms: number, call: Call): Promise<void> {
  try {
    await clock.sleep(ms, call.deadline.signal);
  } catch {
    throw call.deadline.error(call.name);
  }
}
