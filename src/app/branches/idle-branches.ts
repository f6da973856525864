/**
 * Branches on which nothing is wanted, and nothing was found to be taken back, while the base stays where it is: so a
 * steady state costs one ref listing, and not two.
 */
export class IdleBranches {
  #base = '';
  readonly #names = new Set<string>();

  has(base: string, name: string): boolean {
    return this.#base === base && this.#names.has(name);
  }

  add(base: string, name: string): void {
    if (this.#base !== base) this.#names.clear();
    this.#base = base;
    this.#names.add(name);
  }

  /** Something is wanted on a branch, and may be taken back later. */
  forget(name: string): void {
    this.#names.delete(name);
  }
}
