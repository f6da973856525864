import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { FinishedPass } from '../../domain/status/automation-status.ts';
import type { CarriedOutPass } from './update-branch.ts';

/**
 * A pass as status tells of it.
 * @param unusable policies that would apply and cannot
 */
export function finishedPass(
  { pass, branches, pullRequests, batch }: CarriedOutPass,
  unusable: readonly PolicyKey[] = [],
): FinishedPass {
  const { plan, views, findings, edits, window, wait } = pass;
  const ours = branches.filter(({ state }) => state !== 'foreign').map(({ branch }) => branch);
  return {
    decisions: plan.decisions,
    views,
    findings,
    ...(window === undefined ? {} : { window }),
    ...(batch === undefined ? {} : { batch }),
    wait,
    changed: new Set(edits.map(({ path }) => path)),
    ...(branches.length === 0 ? {} : { waitsOn: [...new Set(ours)] }),
    pullRequests: pullRequests.flatMap(({ branch, url, state }) =>
      url === undefined || state === 'closed' ? [] : [{ branch, url }],
    ),
    unusable,
  };
}
