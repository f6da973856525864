/** Length of the span over which is counted. */
const SPAN_MS = 5_000;

/** How often something happened lately: over the span that runs and the one before it. */
export class RateMeter {
  #startsAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  #countBefore = 0;

  /** It happened at `now`, in ms. */
  add(now: number): void {
    this.#roll(now);
    this.#count += 1;
  }

  /** Times a second, as of `now`. */
  perSecond(now: number): number {
    this.#roll(now);
    const seconds = (now - this.#startsAt + (this.#countBefore === 0 ? 0 : SPAN_MS)) / 1_000;
    return (this.#count + this.#countBefore) / Math.max(seconds, 1);
  }

  #roll(now: number): void {
    const spans = Math.floor((now - this.#startsAt) / SPAN_MS);
    if (spans < 1) return;
    this.#countBefore = spans === 1 ? this.#count : 0;
    this.#count = 0;
    this.#startsAt = spans === 1 ? this.#startsAt + SPAN_MS : now;
  }
}
