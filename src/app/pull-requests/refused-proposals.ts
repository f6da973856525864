import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { branchNaming, groupBranch } from '../../domain/branches/branch-name.ts';
import { groupingOf, groupOfDecision } from '../../domain/plan/change-groups.ts';
import { refuses, type Hold, type OnRevert } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import {
  groupOf,
  isProposed,
  refusedOf,
  stillEnded,
} from '../../domain/pull-requests/pull-request-record.ts';
import type { PullRequest } from '../../ports/forge.ts';
import { unreleased, type ReleaseSource } from '../holds/unreleased.ts';
import type { HoldSource } from '../holds/plan-with-holds.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';

/** Whose proposals may have been refused, and where. */
export interface ProposalSource {
  readonly desk: PullRequestDesk;
  readonly automation: ImageUpdateAutomation;
  readonly mode: OnRevert;
  readonly releases: ReleaseSource;
}

/**
 * Finds the choices that persons refused by closing pull requests without merging them, and that no commit lifts. What stands in an open one
 * is refused by nobody; what is known to be refused is not asked about again. So a steady state costs the list
 * of those that are open, and nothing else.
 */
export function refusedProposals({ desk, automation, mode, releases }: ProposalSource): HoldSource {
  const { namespace, name } = automation.metadata;
  const naming = branchNaming(automation);
  const grouping = groupingOf(automation);
  return async (moves, { views, now }, signal) => {
    const refusals = new Map<ImageSlot, readonly Hold[]>();
    const open = await desk.open(signal);
    const ours = open.filter(({ body }) => groupOf(body)?.automation === `${namespace}/${name}`);
    const asked = new Set<string>();
    for (const decision of moves) {
      const { policy, slot, target = '' } = decision;
      if (isProposed({ policy, to: target }, ours)) continue;
      const holdsIn = (ended: readonly PullRequest[]) => {
        const holds = refusedOf(policy, stillEnded(ended, open));
        return unreleased(releases, { policy, holds, now }, signal);
      };
      const compare = (a: string, b: string) => views.get(policy)?.selector.compare(a, b);
      const branch = groupBranch(naming, groupOfDecision(decision, grouping));
      const known = await holdsIn(desk.known(branch) ?? []);
      if (asked.has(branch) || known.some((hold) => refuses(hold, target, { mode, compare }))) {
        refusals.set(slot, known);
        continue;
      }
      asked.add(branch);
      refusals.set(slot, await holdsIn(await desk.ended(branch, signal)));
    }
    return refusals;
  };
}
