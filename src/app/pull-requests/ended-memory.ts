import type { PullRequest } from '../../ports/forge.ts';

/**
 * Pull requests that are open no more, as they were last listed, by branch. Kept between passes while the base
 * stays where it is: whatever is merged moves it.
 */
export class EndedMemory {
  #base = '';
  readonly #known = new Map<string, readonly PullRequest[]>();

  /** What is known of a branch; undefined: nothing. */
  of(base: string, branch: string): readonly PullRequest[] | undefined {
    this.#move(base);
    return this.#known.get(branch);
  }

  learn(base: string, branch: string, ended: readonly PullRequest[]): void {
    this.#move(base);
    this.#known.set(branch, ended);
  }

  #move(base: string): void {
    if (this.#base !== base) this.#known.clear();
    this.#base = base;
  }
}
