import type { Call } from './call.ts';

/** A bounded number of places; who finds none waits, first come, first served. */
export class Places {
  readonly #queue = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Are all of them free? */
  isIdle(count: number): boolean {
    return this.#free === count;
  }

  /**
   * Takes a place. @returns gives it back, once
   * @throws AppError what the deadline says of `where` when it fires first
   */
  async take({ deadline }: Call, where: string): Promise<() => void> {
    const { signal } = deadline;
    if (signal.aborted) throw deadline.error(where);
    if (this.#free > 0) {
      this.#free -= 1;
    } else {
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => {
          this.#queue.delete(admit);
          reject(deadline.error(where));
        };
        const admit = () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        this.#queue.add(admit);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    }
    let isOurs = true;
    return () => {
      if (isOurs) this.#give();
      isOurs = false;
    };
  }

  #give(): void {
    for (const next of this.#queue) {
      this.#queue.delete(next);
      next();
      return;
    }
    this.#free += 1;
  }
}
