import { RateMeter } from './rate-meter.ts';

/** A host is never asked less often than this while it answers at all. */
const MIN_PER_SECOND = 0.1;

/** What a host that refuses for the first time is thought to have been asked, at the least. */
const MIN_OBSERVED_PER_SECOND = 2;

/** A rate that was cut is this many times as high after each minute without another refusal. */
const RECOVERY = { factor: 1.5, everyMs: 60_000 };

/** Up to this much of an idle time's requests may follow at once. */
const MAX_BURST_MS = 1_000;

/**
 * When one host may be asked next. The rate is halved when the host refuses (429) and grows back over
 * minutes; a pause that the host names is kept. All times are in ms.
 */
export class Pace {
  readonly #maxPerSecond: number;
  readonly #asked = new RateMeter();
  #pausedUntil = 0;
  /** The rate at the end of the last pause; absent while the host never refused. */
  #cut: { readonly perSecond: number; readonly from: number } | undefined;
  /** Virtual start of the next request were they all evenly spaced. */
  #nextAt = 0;

  constructor(maxPerSecond: number) {
    this.#maxPerSecond = maxPerSecond;
  }

  /** Requests a second that are allowed at `now`. */
  perSecond(now: number): number {
    if (this.#cut === undefined) return this.#maxPerSecond;
    const { perSecond, from } = this.#cut;
    const grown = perSecond * RECOVERY.factor ** (Math.max(0, now - from) / RECOVERY.everyMs);
    return Math.min(this.#maxPerSecond, grown);
  }

  /** How long to wait before a request; zero when it may go now. */
  waitMs(now: number): number {
    const paused = this.#pausedUntil - now;
    const spaced = this.#nextAt - this.#burstMs(now) - now;
    return Math.ceil(Math.max(0, paused, spaced));
  }

  /** A request goes out. */
  take(now: number): void {
    this.#nextAt = Math.max(this.#nextAt, now) + this.#spacingMs(now);
    this.#asked.add(now);
  }

  /** Nothing for so long; a longer pause that is there stays. */
  pause(now: number, pauseMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs);
  }

  /** The host refused: half of what it was asked lately, beginning after its pause. */
  halve(now: number): void {
    const observed = Math.max(MIN_OBSERVED_PER_SECOND, this.#asked.perSecond(now));
    const perSecond = Math.max(MIN_PER_SECOND, Math.min(this.perSecond(now), observed) / 2);
    const from = Math.max(now + 1_000 / perSecond, this.#pausedUntil);
    this.#cut = { perSecond, from };
    this.#nextAt = from + this.#burstMs(from);
  }

  /** Has it nothing to remember? */
  isFresh(now: number): boolean {
    return this.waitMs(now) === 0 && this.perSecond(now) === this.#maxPerSecond;
  }

  #spacingMs(now: number): number {
    return 1_000 / this.perSecond(now);
  }

  #burstMs(now: number): number {
    return Math.max(0, MAX_BURST_MS - this.#spacingMs(now));
  }
}
