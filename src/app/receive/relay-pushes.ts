import { asAppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import type { PushAnswer, PushHandler, PushRelay } from '../../ports/push.ts';
import { PER_RECEIVER, PER_SENDER, RETRY_AFTER_S, type PushEvent } from './push-handler.ts';
import { RateLimits } from './rate-limits.ts';

/** What passing on works with. */
export interface RelayOptions {
  readonly clock: Clock;
  readonly relay: PushRelay;
  /** `HOST:PORT` at which the process that leads takes pushes, where that is known. */
  readonly leader: () => string | undefined;
  readonly onEvent: (event: PushEvent) => void;
}

const UNAVAILABLE: PushAnswer = { status: 503, retryAfterS: RETRY_AFTER_S };

/**
 * The answers of a process that does not lead: it passes requests on, unread, to the one that does. A request is
 * passed on once; where that fails, the sender is to come again.
 */
export function createRelayHandler({ clock, relay, leader, onEvent }: RelayOptions): PushHandler {
  const limits = new RateLimits();
  const tell = (result: PushEvent['result'], detail?: string) =>
    onEvent({ kind: 'push', type: 'unknown', result, ...(detail === undefined ? {} : { detail }) });
  return ({ path, source, headers }) => {
    const now = clock.now().getTime();
    const waitMs = limits.take(source, PER_SENDER, now) || limits.take('', PER_RECEIVER, now);
    if (waitMs > 0) {
      tell('limited');
      return { status: 429, retryAfterS: Math.ceil(waitMs / 1_000) };
    }
    const to = leader();
    if (to === undefined || relay.isRelayed(headers)) {
      tell('unavailable', 'this process does not lead');
      return UNAVAILABLE;
    }
    return async (body, signal) => {
      if (body === undefined) return { status: 413 };
      try {
        const answer = await relay.send(to, { path, headers, body }, signal);
        tell('relayed');
        return answer;
      } catch (thrown) {
        tell('unavailable', asAppError(thrown).message);
        return UNAVAILABLE;
      }
    };
  };
}
