/** How much is let through: `burst` at once, `perSecond` in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Most keys that are remembered; of those that were not heard of for longest, the count starts afresh. */
const MAX_BUCKETS = 10_000;

/** Token buckets by key, in bounded memory. */
export class RateLimits {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Takes one.
   * @param now in ms
   * @returns 0, or how long to wait until there is one, in ms
   */
  take(key: string, { burst, perSecond }: Rate, now: number): number {
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + (Math.max(0, now - at) / 1_000) * perSecond);
    const isThere = filled >= 1;
    // Set anew, so that the map is in the order of last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: isThere ? filled - 1 : filled, at: now });
    if (this.#buckets.size > MAX_BUCKETS) this.#evict();
    return isThere ? 0 : Math.ceil(((1 - filled) / perSecond) * 1_000);
  }

  #evict(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
