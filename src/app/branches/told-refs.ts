/** What a ref that is no branch was last sent. */
export interface Told {
  /** Hash of what it changes. */
  readonly content: string;
  readonly commit: string;
}

/**
 * What was sent to refs that cannot be read again, such as Gerrit's `refs/for/main`, by automation and ref:
 * what waits for review must not be sent at every pass.
 */
export class ToldRefs {
  readonly #told: Map<string, Told>;
  #changed = false;

  private constructor(told: Map<string, Told>) {
    this.#told = told;
  }

  /** @param saved what {@link save} gave, or nothing */
  static from(saved: unknown): ToldRefs {
    const entries = typeof saved === 'object' && saved !== null ? Object.entries(saved) : [];
    const told = entries.flatMap(([key, value]): [string, Told][] => {
      const [content, commit] = typeof value === 'string' ? value.split(' ') : [];
      return content === undefined || commit === undefined ? [] : [[key, { content, commit }]];
    });
    return new ToldRefs(new Map(told));
  }

  /** Is there anything to save? */
  get changed(): boolean {
    return this.#changed;
  }

  get(automation: string, ref: string): Told | undefined {
    return this.#told.get(`${automation} ${ref}`);
  }

  set(automation: string, ref: string, told: Told): void {
    this.#told.set(`${automation} ${ref}`, told);
    this.#changed = true;
  }

  /** What {@link from} takes; from here on only further changes count as changes. */
  save(): unknown {
    this.#changed = false;
    const entries = [...this.#told].map(([key, told]) => [key, `${told.content} ${told.commit}`]);
    return Object.fromEntries(entries) as unknown;
  }
}
