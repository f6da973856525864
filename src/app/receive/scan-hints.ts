import type { ImagePolicy } from '../../api/image-policy.ts';
import { parseRepository, repositoryKey } from '../../domain/image-reference.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import type { Clock } from '../../ports/ports.ts';

/** One push is many events: of each platform, of the index, of the signature. */
const REST_MS = 1_000;

/** What hints work with. */
export interface ScanHintOptions {
  readonly clock: Clock;
  /** Makes policies due at once. */
  readonly scanNow: (policies: readonly PolicyKey[]) => void;
  readonly stop: AbortSignal;
}

/**
 * Hints that repositories should be scanned. The first is acted on at once; those that come within a
 * second after it together count as one, at the end of that second.
 */
export class ScanHints {
  readonly #options: ScanHintOptions;
  /** Policies to scan when the rest of their repository is over. */
  readonly #resting = new Map<string, Set<PolicyKey>>();

  constructor(options: ScanHintOptions) {
    this.#options = options;
  }

  hint(policies: readonly ImagePolicy[]): void {
    const atOnce = new Map<string, Set<PolicyKey>>();
    for (const policy of policies) {
      const repository = repositoryKey(parseRepository(policy.spec.image));
      const group = this.#resting.get(repository) ?? atOnce.get(repository) ?? new Set();
      group.add(policyKey(policy));
      if (!this.#resting.has(repository)) atOnce.set(repository, group);
    }
    for (const [repository, group] of atOnce) this.#scan(repository, group);
  }

  #scan(repository: string, group: ReadonlySet<PolicyKey>): void {
    const { clock, stop, scanNow } = this.#options;
    if (stop.aborted) return;
    const later = new Set<PolicyKey>();
    this.#resting.set(repository, later);
    clock.sleep(REST_MS, stop).then(
      () => {
        this.#resting.delete(repository);
        if (later.size > 0) this.#scan(repository, later);
      },
      // Stopped: the next process scans everything anyway.
      () => this.#resting.delete(repository),
    );
    scanNow([...group]);
  }
}
