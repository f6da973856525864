import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { parseDuration } from '../schedule.ts';
import type { Soaking } from './soak.ts';

/** Where a policy with `spec.promoteFrom` takes its tags from. */
export type PromotionSource =
  /** The spec names a policy that nothing can be promoted from: a person has to mend it. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Nobody knows what the locations hold: nothing is promoted, and nothing goes back. */
  | { readonly kind: 'unknown'; readonly message: string }
  | {
      readonly kind: 'seen';
      readonly followed: PolicyKey;
      readonly soaking: Soaking;
      /** Do the rules of the policy that is promoted allow a tag? Absent: nobody asked. */
      readonly allows?: (tag: string) => boolean;
    };

/** The policies and automations that there are. */
export interface PromotionWorld {
  readonly policies: ReadonlyMap<PolicyKey, ImagePolicy>;
  /** Policies that exist, usable or not. */
  readonly known: ReadonlySet<PolicyKey>;
  readonly automations: ReadonlyMap<string, ImageUpdateAutomation>;
  /** Why a policy may exist that is not among the known ones; absent, or undefined: it does not. */
  readonly unseen?: (policy: PolicyKey) => string | undefined;
}

/** The policy that another one follows; undefined where it follows none. */
export function followedPolicy({ metadata, spec }: ImagePolicy): PolicyKey | undefined {
  const { promoteFrom } = spec;
  if (promoteFrom === undefined) return undefined;
  return `${promoteFrom.namespace ?? metadata.namespace}/${promoteFrom.policy}`;
}

/** How long a policy lets tags soak where it is promoted from, in ms. */
export function soakOf({ spec: { promoteFrom } }: ImagePolicy): number {
  return promoteFrom?.soak === undefined ? 0 : parseDuration(promoteFrom.soak);
}

/** The policies that others are promoted from, each with the longest soak that is asked of it, in ms. */
export function followedPolicies(policies: Iterable<ImagePolicy>): ReadonlyMap<PolicyKey, number> {
  const followed = new Map<PolicyKey, number>();
  for (const policy of policies) {
    const key = followedPolicy(policy);
    if (key !== undefined) followed.set(key, Math.max(followed.get(key) ?? 0, soakOf(policy)));
  }
  return followed;
}
