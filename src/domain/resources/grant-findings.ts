import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding } from '../errors.ts';
import type { ImageField } from '../manifest/image-field.ts';
import { isInside } from '../repo-path.ts';
import { appliesTo, type Resources } from './merge-resources.ts';
import { accessTo, noAccessText } from './policy-access.ts';

/**
 * Markers that no automation at hand may follow: all that look at the file are of other namespaces than the policy, which
 * grants those no access. What depends on labels of a namespace is left to those who know them, and a marker that no automation
 * looks at may be the business of one that is not at hand.
 * @param marked fields with markers
 */
export function grantFindings(
  marked: readonly ImageField[],
  { policies, automations }: Pick<Resources, 'policies' | 'automations'>,
): readonly Finding[] {
  return marked.flatMap(({ at, marker }): readonly Finding[] => {
    const policy = marker === undefined ? undefined : policies.get(marker);
    if (policy === undefined || marker === undefined) return [];
    const lookers = [...automations.values()].filter((automation) => looksAt(automation, at.path));
    if (lookers.some((automation) => mayUse(automation, policy))) return [];
    const [stranger] = lookers
      .map(({ metadata: { namespace } }) => namespace)
      .filter((namespace) => namespace !== policy.metadata.namespace)
      .toSorted();
    if (stranger === undefined) return [];
    const message = noAccessText(marker, stranger);
    return [{ severity: 'warning', code: 'policy/no-access', message, at }];
  });
}

function mayUse(automation: ImageUpdateAutomation, policy: ImagePolicy): boolean {
  const { namespace: name } = automation.metadata;
  return name === policy.metadata.namespace
    ? appliesTo(automation, policy.metadata)
    : accessTo(policy, { name }) !== 'denied';
}

function looksAt({ spec: { update } }: ImageUpdateAutomation, path: string): boolean {
  return isInside(path, update?.paths ?? []);
}
