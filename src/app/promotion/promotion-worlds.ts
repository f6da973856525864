import type { ImagePolicy } from '../../api/image-policy.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import type { PromotionWorld } from '../../domain/promotion/promotion-source.ts';

/** A policy that is promoted from another, among all that there are. */
export interface Promoted {
  readonly policy: ImagePolicy;
  readonly world: PromotionWorld;
}

/** What there is: all of it, where somebody knows; else what the last looks were told. */
export class PromotionWorlds {
  readonly #whole: (() => PromotionWorld) | undefined;
  /** What there was at the last look of each automation, the latest last. */
  readonly #told = new Map<string, PromotionWorld>();

  constructor(whole: (() => PromotionWorld) | undefined) {
    this.#whole = whole;
  }

  /** Takes note of what an automation was told. */
  set(automation: string, world: PromotionWorld): void {
    this.#told.delete(automation);
    this.#told.set(automation, world);
  }

  delete(automation: string): void {
    this.#told.delete(automation);
  }

  /** The one that a policy is of; undefined where no look was told of it. */
  of(policy: ImagePolicy): PromotionWorld | undefined {
    const key = policyKey(policy);
    return (
      this.#whole?.() ?? [...this.#told.values()].findLast(({ policies }) => policies.has(key))
    );
  }

  /** The policies that are promoted from others. */
  promoted(): readonly Promoted[] {
    const worlds = this.#whole === undefined ? [...this.#told.values()] : [this.#whole()];
    const all = new Map<PolicyKey, Promoted>(
      worlds.flatMap((world) =>
        [...world.policies].map(([key, policy]) => [key, { policy, world }] as const),
      ),
    );
    return [...all.values()].filter(({ policy }) => policy.spec.promoteFrom !== undefined);
  }
}
