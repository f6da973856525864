import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { branchNaming, groupBranch } from '../../domain/branches/branch-name.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { groupingOf, groupOfDecision } from '../../domain/plan/change-groups.ts';
import { isMovedAway, type CompareTags, type Hold } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { heldText } from '../../domain/plan/target.ts';
import {
  isProposed,
  refusedOf,
  stillEnded,
} from '../../domain/pull-requests/pull-request-record.ts';
import { isInside } from '../../domain/repo-path.ts';
import type { PullRequest } from '../../ports/forge.ts';
import { unreleased, type ReleaseSource } from '../holds/unreleased.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';

/** Whose proposals may have been refused, of which slots. */
export interface RefusalScope {
  readonly automation: ImageUpdateAutomation;
  readonly desk: PullRequestDesk;
  readonly slots: readonly ImageSlot[];
  readonly compareFor: (policy: PolicyKey) => CompareTags;
  readonly releases: ReleaseSource;
  readonly now: Date;
}

/**
 * What persons refused of each slot by closing pull requests, as far as it still says something: what a slot holds, or
 * has passed since, or what stands in an open pull request, is refused no more.
 */
export async function listRefusals(
  scope: RefusalScope,
  signal: AbortSignal,
): Promise<ReadonlyMap<ImageSlot, readonly Hold[]>> {
  const { automation, desk, compareFor, releases, now } = scope;
  const refusals = new Map<ImageSlot, readonly Hold[]>();
  const { onRevert: mode = 'SkipTag', update } = automation.spec;
  if (mode === 'Override') return refusals;
  const { strategy = 'Setters', paths = [] } = update ?? {};
  const naming = branchNaming(automation);
  const grouping = groupingOf(automation);
  const open = await desk.open(signal);
  const endedOf = new Map<string, readonly PullRequest[]>();
  for (const slot of scope.slots) {
    const { policy, fields } = slot;
    const [{ at, marker }] = fields;
    if (!isInside(at.path, paths) || (strategy === 'Setters' && marker === undefined)) continue;
    const branch = groupBranch(naming, groupOfDecision({ policy, slot }, grouping));
    const ended = endedOf.get(branch) ?? (await desk.ended(branch, signal));
    endedOf.set(branch, ended);
    const isStanding = ({ rejected }: Hold) =>
      !isProposed({ policy, to: rejected }, open) &&
      (mode === 'Hold' || isMovedAway(rejected, heldText(slot), compareFor(policy)));
    const refused = refusedOf(policy, stillEnded(ended, open));
    const holds = await unreleased(
      releases,
      { policy, holds: refused.filter(isStanding), now },
      signal,
    );
    if (holds.length > 0) refusals.set(slot, holds);
  }
  return refusals;
}
