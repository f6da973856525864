import { AppError } from '../../domain/errors.ts';

/**
 * Tags of all repositories that are kept at the same time: about 100 MB, half as much again as the largest
 * repositories known have. With another one being read, that fits into the memory of the Pod.
 */
const MAX_TAGS_HELD = 1_500_000;

/** Images that lists told of, of all repositories: some 25 MB. */
const MAX_TOLD_HELD = 100_000;

/** Counts the tags that are kept between scans, so that all repositories together have a bound. */
export class HeldTags {
  readonly #counts = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #total = 0;
  #toldTotal = 0;

  /**
   * A repository's list is about to replace its former one.
   * @throws AppError `registry/too-large` when there is no room for it; the former count stays
   */
  hold(key: string, count: number, image: string): void {
    const others = this.#total - (this.#counts.get(key) ?? 0);
    if (others + count > MAX_TAGS_HELD)
      throw new AppError(
        'registry/too-large',
        `${image}: its ${count} tags and the ${others} of other repositories are more than the ${MAX_TAGS_HELD} that one process keeps; spread the policies over several controllers`,
      );
    this.#counts.set(key, count);
    this.#total = others + count;
  }

  /**
   * Is there room for what a list told of its images? Where there is none they are asked for, which costs
   * requests and nothing else.
   */
  holdTold(key: string, count: number): boolean {
    this.#releaseTold(key);
    if (this.#toldTotal + count > MAX_TOLD_HELD) return false;
    this.#told.set(key, count);
    this.#toldTotal += count;
    return true;
  }

  #releaseTold(key: string): void {
    this.#toldTotal -= this.#told.get(key) ?? 0;
    this.#told.delete(key);
  }

  /** The list is let go of. */
  release(key: string): void {
    this.#releaseTold(key);
    this.#total -= this.#counts.get(key) ?? 0;
    this.#counts.delete(key);
  }
}
