import { untilCancelled } from '../../domain/cancellation.ts';
import type { Clock } from '../../ports/ports.ts';

/** What a cloud gave, and until when it is good. */
export interface Expiring<T> {
  readonly value: T;
  /** In ms since the epoch. */
  readonly endsAt: number;
}

/** Things that expire, by key. */
export interface LoginCache<T> {
  /**
   * What is kept, or what `fetch` gets; all who ask meanwhile wait for the same. A fetch goes on when
   * one of them gives up, for the sake of the others. Failures are not kept.
   * @param refused no longer good, whatever its end: if it is still what is kept, another is fetched
   * @throws AppError `cancelled`, and what `fetch` throws
   */
  get(key: string, fetch: () => Promise<Expiring<T>>, signal: AbortSignal, refused?: T): Promise<T>;
}

/** New ones are fetched so long before the old ones end, in ms; half of their life where that is short. */
const MARGIN_MS = 5 * 60 * 1000;

/** Nothing is kept yet. */
export function createLoginCache<T>(clock: Clock): LoginCache<T> {
  const kept = new Map<string, { readonly value: T; readonly goodUntil: number }>();
  const underWay = new Map<string, Promise<T>>();
  const now = () => clock.now().getTime();

  async function renew(key: string, fetch: () => Promise<Expiring<T>>): Promise<T> {
    try {
      const { value, endsAt } = await fetch();
      const life = endsAt - now();
      for (const [other, { goodUntil }] of kept) if (goodUntil <= now()) kept.delete(other);
      kept.set(key, { value, goodUntil: now() + Math.max(life - MARGIN_MS, life / 2) });
      return value;
    } finally {
      underWay.delete(key);
    }
  }

  return {
    async get(key, fetch, signal, refused) {
      const known = kept.get(key);
      const isGood = known !== undefined && known.value !== refused && now() < known.goodUntil;
      if (isGood) return known.value;
      const running = underWay.get(key) ?? renew(key, fetch);
      underWay.set(key, running);
      return untilCancelled(running, signal, 'stopped while a login was asked for');
    },
  };
}
