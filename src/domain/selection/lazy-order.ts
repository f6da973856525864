/**
 * Items in order, of which only those asked for are sorted: a heap is made once, in linear time, and
 * each further item costs a logarithm. Of a hundred thousand tags mostly the first is all that is wanted.
 */
export class LazyOrder<T> {
  readonly #heap: T[];
  readonly #sorted: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  /** @param items not mutated @param compare negative when `a` comes before `b` */
  constructor(items: readonly T[], compare: (a: T, b: T) => number) {
    this.#heap = [...items];
    this.#compare = compare;
    for (let place = Math.floor(items.length / 2) - 1; place >= 0; place -= 1) this.#sink(place);
  }

  /** The item at a place of the order, from 0; undefined beyond the last. */
  at(index: number): T | undefined {
    while (this.#sorted.length <= index) {
      const [first] = this.#heap;
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      this.#sorted.push(first);
      if (this.#heap.length === 0) continue;
      this.#heap[0] = last;
      this.#sink(0);
    }
    return this.#sorted[index];
  }

  /** Moves the item at `place` down until none below comes before it. */
  #sink(place: number): void {
    const heap = this.#heap;
    const isBefore = (a: number, b: number) => {
      const [left, right] = [heap[a], heap[b]];
      return left !== undefined && right !== undefined && this.#compare(left, right) < 0;
    };
    for (let at = place; ;) {
      const below = 2 * at + 1;
      const first = isBefore(below + 1, below) ? below + 1 : below;
      if (!isBefore(first, at)) return;
      [heap[at], heap[first]] = [heap[first] as T, heap[at] as T];
      at = first;
    }
  }
}
