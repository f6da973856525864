import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding, Location } from '../../domain/errors.ts';
import type { ImageField } from '../../domain/manifest/image-field.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import { followedPolicies } from '../../domain/promotion/promotion-source.ts';
import { isInside } from '../../domain/repo-path.ts';
import { policiesOf } from '../../domain/resources/merge-resources.ts';
import type { Deployments } from './deployments.ts';
import { lookAtSite, type ReadPlace, type ReadSite } from './look-at-site.ts';

/** What a run has read, also where its own automation writes nothing. */
export interface ReadRun extends ReadSite {
  readonly everywhere: Pick<ReadSite, 'fields' | 'findings'>;
}

/**
 * Looks at what the automation of a run writes; where nobody else looks (`lockkeeper update`), also at what others
 * write in the same repo and branch, if policies are promoted from theirs.
 * @returns what is to be said of the history
 * @throws AppError when it cannot be read
 */
export async function lookAtRun(
  deployments: Deployments,
  read: ReadRun,
  place: ReadPlace,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const told = [...(await lookAtSite(deployments, read, place, signal))];
  if (deployments.seesAll) return told;
  for (const site of sitesBeside(read)) {
    told.push(...(await lookAtSite(deployments, site, place, signal)));
  }
  return told;
}

function sitesBeside({ automation, resources, known, strategy, everywhere }: ReadRun): ReadSite[] {
  const followed = followedPolicies(resources.policies.values());
  const others = [...resources.automations.values()].filter((other) => isBeside(other, automation));
  return others.flatMap((other) => {
    const policies = policiesOf(other, resources);
    if (!policies.some((policy) => followed.has(policyKey(policy)))) return [];
    const { paths = [], strategy: own = 'Setters' } = other.spec.update ?? {};
    const inScope = ({ at }: { at?: Location }) => at === undefined || isInside(at.path, paths);
    const isOwn = (field: ImageField) => own === 'Images' || field.marker !== undefined;
    const fields = everywhere.fields.filter((field) => inScope(field) && isOwn(field));
    const findings = everywhere.findings.filter(inScope);
    const byMarker = new Set<string>();
    const site = { automation: other, resources, known, policies, byMarker, fields, findings };
    return [{ ...site, strategy, isPartial: own === 'Images' && strategy !== 'Images' }];
  });
}

/** Is an automation another one for the same repo and branch? */
function isBeside(other: ImageUpdateAutomation, own: ImageUpdateAutomation | undefined): boolean {
  if (own === undefined || other.spec.git === undefined) return false;
  const isOther =
    other.metadata.namespace !== own.metadata.namespace ||
    other.metadata.name !== own.metadata.name;
  const { url, branch } = other.spec.git;
  return isOther && url === own.spec.git?.url && branch === own.spec.git.branch;
}
