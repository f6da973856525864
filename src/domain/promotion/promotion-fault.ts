import type { ImagePolicy } from '../../api/image-policy.ts';
import type { Finding } from '../errors.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { policyKey } from '../plan/policy-view.ts';
import { accessTo, noAccessText } from '../resources/policy-access.ts';
import { suggestion } from '../resources/suggestion.ts';
import { followedPolicy, type PromotionWorld } from './promotion-source.ts';

const ITSELF =
  'spec.promoteFrom.policy: this is the policy itself; name the one that is to run a tag first, with its namespace where that is another';

/**
 * What is wrong about the policy that `spec.promoteFrom` names, among all that there are; undefined: nothing. Whether
 * it grants access by labels of the namespace is left to those who know them.
 */
export function promotionFault(
  policy: ImagePolicy,
  { policies, known }: Pick<PromotionWorld, 'policies' | 'known'>,
): string | undefined {
  const followed = followedPolicy(policy);
  if (followed === undefined) return undefined;
  if (!known.has(followed)) return unknownText(policy, followed, known);
  const own = policyKey(policy);
  if (followed === own) return ITSELF;
  const source = policies.get(followed);
  const { namespace: name } = policy.metadata;
  const isForeign = source !== undefined && source.metadata.namespace !== name;
  if (isForeign && accessTo(source, { name }) === 'denied') {
    return noAccessText(followed, name);
  }
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
  const world = { policies, known: new Set(policies.keys()) };
  return [...policies].flatMap(([key, policy]) => {
    const fault = promotionFault(policy, world);
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
