/** A repo of a store: all of its commits have come with the same kinds of objects. */
export interface CommitRepo {
  /** Has nothing been fetched yet? */
  isEmpty(signal: AbortSignal): Promise<boolean>;
  /** Throws everything away. */
  remove(): Promise<void>;
}

/**
 * In which repo of a store the objects of each branch are: in one of whole commits, or in one that has their trees, and
 * of their blobs those that were read.
 */
export class BranchPlaces<T extends CommitRepo> {
  readonly #whole: T;
  readonly #trees: T;
  /** By full ref name. */
  readonly #places = new Map<string, T>();

  constructor({ whole, trees }: { readonly whole: T; readonly trees: T }) {
    this.#whole = whole;
    this.#trees = trees;
  }

  /** The repo of a branch; of one that was not decided yet, the whole one. */
  of(ref: string): T {
    return this.#places.get(ref) ?? this.#whole;
  }

  /**
   * Decides for a branch, unless that was done: to go on with what has come before.
   * @param filters does the remote leave out what is not asked for?
   */
  async choose(ref: string, filters: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    if (this.#places.has(ref)) return;
    const isPartial =
      (await this.#whole.isEmpty(signal)) &&
      (!(await this.#trees.isEmpty(signal)) || (await filters()));
    this.#places.set(ref, isPartial ? this.#trees : this.#whole);
    // The trees by which an earlier process decided need not be kept.
    if (![...this.#places.values()].includes(this.#trees)) await this.#trees.remove();
  }

  /** From here on a branch's objects are where commits are whole. */
  moveToWhole(ref: string): void {
    this.#places.set(ref, this.#whole);
  }
}
