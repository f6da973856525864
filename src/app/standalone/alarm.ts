import { AppError } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Clock } from '../../ports/ports.ts';

/** Wakes those who wait for some policies. */
export class Alarm {
  readonly #sleepers = new Set<Sleeper>();

  /** A new sleeper, who is woken for the policies of a namespace, and for those that it will name. */
  sleeper(namespace: string): Sleeper {
    const sleeper = new Sleeper(namespace, () => this.#sleepers.delete(sleeper));
    this.#sleepers.add(sleeper);
    return sleeper;
  }

  ring(policies: readonly PolicyKey[]): void {
    for (const sleeper of this.#sleepers) sleeper.wakeFor(policies);
  }
}

/** Somebody who sleeps until a time, or until woken. */
export class Sleeper {
  readonly #prefix: string;
  #named: ReadonlySet<PolicyKey> = new Set();
  /** Is not woken any more. */
  readonly leave: () => void;
  #wake = new AbortController();

  constructor(namespace: string, leave: () => void) {
    this.#prefix = `${namespace}/`;
    this.leave = leave;
  }

  /** Names the policies besides for which to be woken, in place of those named before. */
  attend(policies: Iterable<PolicyKey>): void {
    this.#named = new Set(policies);
  }

  /** Also ahead of a sleep that has not begun: what is under way may have seen the world as it was. */
  wakeFor(policies: readonly PolicyKey[]): void {
    const isMeant = (policy: PolicyKey) =>
      policy.startsWith(this.#prefix) || this.#named.has(policy);
    if (policies.some(isMeant)) this.#wake.abort();
  }

  /** Sleeps until the time is over, somebody wakes it, or the signal fires: each is a normal end. */
  async sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    try {
      if (this.#wake.signal.aborted) return;
      await clock.sleep(Math.max(0, ms), AbortSignal.any([signal, this.#wake.signal]));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cancelled') throw error;
    } finally {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
    }
  }
}
