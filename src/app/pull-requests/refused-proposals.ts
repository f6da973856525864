import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { refuses, type CompareTags, type Hold, type OnRevert } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { groupOf, isProposed, refusedOf } from '../../domain/pull-requests/pull-request-record.ts';
import type { PullRequest } from '../../ports/forge.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';

/** What is to be found out. */
export interface RefusalQuery {
  readonly desk: PullRequestDesk;
  /** `namespace/name`. */
  readonly automation: string;
  /** Decisions that move something. */
  readonly decisions: readonly Decision[];
  /** Branch that a decision's group goes to. */
  readonly branchOf: (decision: Decision) => string;
  readonly mode: OnRevert;
  readonly compareFor: (policy: PolicyKey) => CompareTags;
}

/**
 * Finds the choices that persons refused by closing pull requests without merging them. What stands in an open one
 * is refused by nobody; what is known to be refused is not asked about again. So a steady state costs the list
 * of those that are open, and nothing else.
 */
export async function refusedProposals(
  { desk, automation, decisions, branchOf, mode, compareFor }: RefusalQuery,
  signal: AbortSignal,
): Promise<ReadonlyMap<ImageSlot, readonly Hold[]>> {
  const refusals = new Map<ImageSlot, readonly Hold[]>();
  if (decisions.length === 0) return refusals;
  const open = await desk.open(signal);
  const ours = open.filter(({ body }) => groupOf(body)?.automation === automation);
  const isOpen = (request: PullRequest) => open.some(({ number }) => number === request.number);
  const asked = new Map<string, readonly PullRequest[]>();
  for (const decision of decisions) {
    const { policy, slot, target = '' } = decision;
    if (isProposed({ policy, to: target }, ours)) continue;
    const holdsIn = (ended: readonly PullRequest[]) =>
      refusedOf(
        policy,
        ended.filter((request) => !isOpen(request)),
      );
    const isRefused = (hold: Hold) => refuses(hold, target, { mode, compare: compareFor(policy) });
    const branch = branchOf(decision);
    const known = holdsIn(asked.get(branch) ?? desk.known(branch) ?? []);
    if (known.some(isRefused) || asked.has(branch)) {
      refusals.set(slot, known);
      continue;
    }
    const ended = await desk.ended(branch, signal);
    asked.set(branch, ended);
    refusals.set(slot, holdsIn(ended));
  }
  return refusals;
}
