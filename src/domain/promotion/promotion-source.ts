import type { ImagePolicy } from '../../api/image-policy.ts';
import type { Finding } from '../errors.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { policyKey } from '../plan/policy-view.ts';
import { parseDuration } from '../schedule.ts';
import { suggestion } from '../resources/suggestion.ts';
import type { Soaking } from './soak.ts';

/** Where a policy with `spec.promoteFrom` takes its tags from. */
export type PromotionSource =
  /** The spec names a policy that nothing can be promoted from: a person has to mend it. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Nobody knows what the locations hold: nothing is promoted, and nothing goes back. */
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'seen'; readonly followed: PolicyKey; readonly soaking: Soaking };

/** The policy that another one follows; undefined where it follows none. */
export function followedPolicy({ metadata, spec }: ImagePolicy): PolicyKey | undefined {
  const { promoteFrom } = spec;
  return promoteFrom === undefined ? undefined : `${metadata.namespace}/${promoteFrom.policy}`;
}

/** What is wrong about the policy that `spec.promoteFrom` names, among all that there are; undefined: nothing. */
export function promotionFault(
  policy: ImagePolicy,
  policies: ReadonlyMap<PolicyKey, ImagePolicy>,
  known: ReadonlySet<PolicyKey> = new Set(policies.keys()),
): string | undefined {
  const followed = followedPolicy(policy);
  if (followed === undefined) return undefined;
  if (!known.has(followed)) return unknownText(policy, followed, known);
  const own = policyKey(policy);
  const chain = [own];
  for (let next: PolicyKey | undefined = followed; next !== undefined;) {
    // A circle further on is the fault of those that are in it.
    if (next !== own && chain.includes(next)) return undefined;
    chain.push(next);
    if (next === own) return circleText(chain);
    const named = policies.get(next);
    next = named && followedPolicy(named);
  }
  return undefined;
}

/** The faults of all policies, at their places. */
export function promotionFindings(
  policies: ReadonlyMap<PolicyKey, ImagePolicy & Pick<Finding, 'at'>>,
): readonly Finding[] {
  return [...policies].flatMap(([key, policy]) => {
    const fault = promotionFault(policy, policies);
    if (fault === undefined) return [];
    const message = `ImagePolicy ${key}: ${fault}`;
    const { at } = policy;
    return [
      { severity: 'error', code: 'policy/failed', message, ...(at === undefined ? {} : { at }) },
    ];
  });
}

function unknownText(
  { metadata: { namespace } }: ImagePolicy,
  followed: PolicyKey,
  known: ReadonlySet<PolicyKey>,
): string {
  const own = [...known].filter((key) => key.startsWith(`${namespace}/`)).toSorted();
  const meant = suggestion(followed, own);
  const hint = meant === undefined ? '' : `; did you mean ${meant.slice(namespace.length + 1)}?`;
  return `spec.promoteFrom.policy: there is no ImagePolicy ${followed}${hint}`;
}

function circleText(chain: readonly PolicyKey[]): string {
  const way = chain.join(' from ');
  return `spec.promoteFrom.policy: promotes in a circle (${way}), so that nothing new could come in; one of them has to follow none`;
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
