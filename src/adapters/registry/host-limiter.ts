import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Call } from './call.ts';
import type { HostProfile } from './known-registries.ts';
import { Pace } from './pace.ts';
import { Places } from './places.ts';

/** Hosts remembered; those that are idle and owe us nothing are forgotten first. */
const MAX_HOSTS = 1_000;

/** A pause is drawn out by up to this part of it, so that not all who wait come back at once. */
const JITTER = 0.1;

/** The right to send one request to a host. */
export interface Turn {
  /**
   * The host refused because of too many requests: it is asked nothing for `pauseMs`, and more slowly
   * after that. Of the requests that were under way together, the first refusal slows it down.
   */
  refused(pauseMs: number): void;
  /** The request is over. */
  end(): void;
}

/**
 * The budget of each host for everything that is sent to it: lists, manifests, tokens, and what
 * redirects lead to. One per process, so that all policies together spare a host.
 */
export interface HostLimiter {
  /**
   * Waits until `host` may be asked.
   * @throws AppError `registry/rate-limited` at once when that is later than the call's deadline, and
   * what the deadline says when it fires meanwhile
   */
  turn(host: string, call: Call): Promise<Turn>;
}

/** What a limiter needs from outside. */
export interface LimiterOptions {
  readonly clock: Clock;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  readonly profileOf: (host: string) => HostProfile;
}

/** What is known of one host. */
interface Lane {
  readonly pace: Pace;
  /** One for each request that may be under way. */
  readonly places: Places;
  readonly maxInFlight: number;
  /** Times that the rate was cut. */
  cuts: number;
}

/** A limiter that knows of no refusal yet. */
export function createHostLimiter({ clock, random, profileOf }: LimiterOptions): HostLimiter {
  const lanes = new Map<string, Lane>();
  const now = () => clock.now().getTime();

  function laneOf(host: string): Lane {
    const known = lanes.get(host);
    if (known !== undefined) return known;
    if (lanes.size >= MAX_HOSTS) forgetIdle(lanes, now());
    const { maxInFlight, maxPerSecond } = profileOf(host);
    const lane = {
      pace: new Pace(maxPerSecond),
      places: new Places(maxInFlight),
      maxInFlight,
      cuts: 0,
    };
    lanes.set(host, lane);
    return lane;
  }

  /** Waits for the pace of a host, unless that would be in vain. */
  async function waitForPace(lane: Lane, host: string, call: Call): Promise<void> {
    for (let wait = lane.pace.waitMs(now()); wait > 0; wait = lane.pace.waitMs(now())) {
      refuseLongWait(wait, host, call);
      await sleepInCall(clock, wait, call);
    }
    lane.pace.take(now());
  }

  return {
    async turn(host, call) {
      const lane = laneOf(host);
      refuseLongWait(lane.pace.waitMs(now()), host, call);
      const end = await lane.places.take(call, call.name);
      try {
        await waitForPace(lane, host, call);
      } catch (error) {
        end();
        throw error;
      }
      const cutsAtStart = lane.cuts;
      return {
        end,
        refused(pauseMs) {
          lane.pace.pause(now(), pauseMs * (1 + JITTER * random()));
          if (lane.cuts !== cutsAtStart) return;
          lane.cuts += 1;
          lane.pace.halve(now());
        },
      };
    },
  };
}

function refuseLongWait(waitMs: number, host: string, call: Call): void {
  if (waitMs < call.deadline.remainingMs() || waitMs === 0) return;
  throw new AppError(
    'registry/rate-limited',
    `${call.name}: ${host} allows no more requests for another ${Math.ceil(waitMs / 1000)} s`,
    { retry: true, afterMs: waitMs },
  );
}

/** A registry may redirect to ever new hosts; what is slowed down stays known. */
function forgetIdle(lanes: Map<string, Lane>, now: number): void {
  for (const [host, lane] of lanes)
    if (lane.places.isIdle(lane.maxInFlight) && lane.pace.isFresh(now)) lanes.delete(host);
}

/** A clock says "cancelled" only; whether the user or the deadline ended the wait, the call knows. */
export async function sleepInCall(clock: Clock, ms: number, call: Call): Promise<void> {
  try {
    await clock.sleep(ms, call.deadline.signal);
  } catch {
    throw call.deadline.error(call.name);
  }
}
