import { asAppError, type AppError } from '../../domain/errors.ts';
import { backoffMs } from '../../domain/schedule.ts';
import type { Clock } from '../../ports/ports.ts';
import type { StopSignals } from '../stop-signals.ts';

/** Waiting after failures of one key: from a moment to minutes. */
const RETRY = { firstMs: 1_000, maxMs: 300_000 };

/** What a queue works with. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /** From 0 to 1; spreads retries. */
  readonly random: () => number;
  /** Keys worked on at the same time. */
  readonly concurrency: number;
  /**
   * Does what is to be done for a key.
   * @returns when the key is due again; undefined: when it is added again
   * @throws whatever it likes: the key is then tried again, later each time
   */
  readonly work: (key: string, signal: AbortSignal) => Promise<Date | undefined>;
  readonly onFailure: (key: string, error: AppError, retryAt: Date) => void;
  readonly signals: StopSignals;
}

/** A key that is being worked on, and what was asked of it meanwhile. */
interface Running {
  again: number;
  forgotten: boolean;
}

/** A key that is due later. */
interface Waiting {
  readonly due: number;
  readonly timer: AbortController;
}

const NEVER = Infinity;

/**
 * Keys to work on. A key is never worked on twice at the same time and never stands in line twice;
 * of several times at which it is due the earliest wins; one that fails waits longer each time.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #line = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #running = new Map<string, Running>();
  readonly #failures = new Map<string, number>();
  readonly #work = new Set<Promise<void>>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    options.signals.stop.addEventListener('abort', () => this.#clear(), { once: true });
  }

  /** Works on a key as soon as a place is free, or at a later time. */
  add(key: string, due: Date = this.#options.clock.now()): void {
    if (this.#options.signals.stop.aborted) return;
    const running = this.#running.get(key);
    if (running !== undefined) {
      running.again = Math.min(running.again, due.getTime());
      return;
    }
    if (!this.#line.has(key)) this.#schedule(key, due.getTime());
  }

  /** Lets go of a key: it is neither due any more nor repeated. Work under way ends by itself. */
  forget(key: string): void {
    this.#stopWaiting(key);
    this.#line.delete(key);
    this.#failures.delete(key);
    const running = this.#running.get(key);
    if (running !== undefined) Object.assign(running, { again: NEVER, forgotten: true });
  }

  /** Resolves when the work under way has ended; call it after `stop` has fired. */
  async ended(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #schedule(key: string, due: number): void {
    const waitMs = due - this.#options.clock.now().getTime();
    if (waitMs > 0) {
      this.#wait(key, due, waitMs);
      return;
    }
    this.#stopWaiting(key);
    this.#line.add(key);
    this.#fillPlaces();
  }

  #wait(key: string, due: number, waitMs: number): void {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.due <= due) return;
    this.#stopWaiting(key);
    const timer = new AbortController();
    this.#waiting.set(key, { due, timer });
    this.#options.clock.sleep(waitMs, timer.signal).then(
      () => {
        this.#waiting.delete(key);
        this.#line.add(key);
        this.#fillPlaces();
      },
      // Woken early: something else has taken the place of this wait.
      () => undefined,
    );
  }

  #stopWaiting(key: string): void {
    this.#waiting.get(key)?.timer.abort();
    this.#waiting.delete(key);
  }

  #fillPlaces(): void {
    for (const key of this.#line) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#line.delete(key);
      const running: Running = { again: NEVER, forgotten: false };
      this.#running.set(key, running);
      const work = this.#run(key, running);
      this.#work.add(work);
      void work.finally(() => this.#work.delete(work));
    }
  }

  async #run(key: string, running: Running): Promise<void> {
    const due = await this.#attempt(key, running);
    this.#running.delete(key);
    if (this.#options.signals.stop.aborted) return;
    const next = Math.min(running.again, running.forgotten ? NEVER : due);
    if (next !== NEVER) this.#schedule(key, next);
    this.#fillPlaces();
  }

  /** @returns when the key is due again */
  async #attempt(key: string, running: Running): Promise<number> {
    const { clock, random, work, onFailure, signals } = this.#options;
    try {
      const due = await work(key, signals.abort);
      this.#failures.delete(key);
      return due?.getTime() ?? NEVER;
    } catch (thrown) {
      // What was let go of has not failed.
      if (signals.abort.aborted || running.forgotten) return NEVER;
      const error = asAppError(thrown);
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const waitMs = backoffMs(failures, { ...RETRY, random: random() });
      const retryAt = new Date(clock.now().getTime() + Math.max(waitMs, error.afterMs ?? 0));
      onFailure(key, error, retryAt);
      return retryAt.getTime();
    }
  }

  #clear(): void {
    for (const key of this.#waiting.keys()) this.#stopWaiting(key);
    this.#line.clear();
  }
}
