import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ObjectScope } from '../../ports/cluster.ts';

/** Why a policy may exist though a controller with this scope knows of none; undefined: it does not exist. */
export function unseenBecause(
  { namespaces, labelSelector }: ObjectScope,
  policy: PolicyKey,
): string | undefined {
  const namespace = policy.slice(0, policy.indexOf('/'));
  if (namespaces.length > 0 && !namespaces.includes(namespace)) {
    return `this controller does not look at namespace ${namespace} (--namespace ${namespaces.join(', ')})`;
  }
  if (labelSelector === undefined) return undefined;
  return `this controller looks at objects with the labels ${labelSelector} alone (--watch-label-selector), and there is none of that name`;
}
