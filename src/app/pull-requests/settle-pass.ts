import { branchNaming, groupBranch } from '../../domain/branches/branch-name.ts';
import { asAppError, findingOf, type AppError, type Finding } from '../../domain/errors.ts';
import { groupingOf, groupOfDecision } from '../../domain/plan/change-groups.ts';
import { foundBy, isSettled, type Found } from '../../domain/pull-requests/superseded.ts';
import { groupBy } from '../../domain/group-by.ts';
import { deleteBranch } from '../branches/delete-branch.ts';
import { isCertain } from '../branches/is-certain.ts';
import { inspectBranch } from '../branches/inspect-branch.ts';
import type { GroupBranch } from '../branches/group-branch.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import { checkMayWrite, type BranchWriter } from '../update/push-commits.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import { changeLinks } from './change-links.ts';
import { retirePullRequests, type Retiring } from './retire-pull-requests.ts';
import {
  settlePullRequests,
  type SettledPullRequest,
  type Settling,
} from './settle-pull-requests.ts';

/** A pass whose branches are where they should be. */
export interface PushedPass {
  readonly writer: BranchWriter;
  readonly views: PolicyViews;
  readonly pass: PlannedPass;
  /** Commit that it was planned on. */
  readonly revision: string;
  readonly branches: readonly GroupBranch[];
  /** See {@link isCertain}. */
  readonly isWhole: boolean;
}

/** What came of the pull requests of a pass. */
export interface SettledPass {
  readonly pullRequests: readonly SettledPullRequest[];
  readonly findings: readonly Finding[];
  /** Why not all are as they should be; it is among the findings, too. */
  readonly failure?: AppError;
}

/**
 * The last step of a pass: brings pull requests to what the branches hold, and closes those that have nothing to
 * do any more. What was pushed is pushed: a failure is told with it.
 * @throws AppError `cancelled`
 */
export async function settlePass(pushed: PushedPass, signal: AbortSignal): Promise<SettledPass> {
  const { pass, writer, views, branches } = pushed;
  const { desk, automation } = pass;
  const spec = automation?.spec.pullRequest;
  if (desk === undefined || automation === undefined || spec === undefined) {
    return { pullRequests: [], findings: [] };
  }
  const { namespace, name } = automation.metadata;
  const settling: Settling = {
    desk,
    automation: `${namespace}/${name}`,
    spec,
    branches,
    linksOf: (changes, until) =>
      changeLinks({ views, viewOf: (key) => pass.views.get(key) }, changes, until),
    dryRun: writer.dryRun,
    checkMayWrite: () => checkMayWrite(writer),
  };
  const settled = await settlePullRequests(settling, signal);
  // A forge that fails is asked no more in this pass.
  const retired = settled.failure === undefined ? await retire(pushed, settling, signal) : NOTHING;
  const failure = settled.failure ?? retired.failure;
  return {
    pullRequests: [...settled.pullRequests, ...retired.pullRequests],
    findings: [
      ...settled.findings,
      ...retired.findings,
      ...(failure === undefined ? [] : [findingOf(failure)]),
    ],
    ...(failure === undefined ? {} : { failure }),
  };
}

const NOTHING: SettledPass = { pullRequests: [], findings: [] };

async function retire(
  pushed: PushedPass,
  { desk, automation, dryRun, checkMayWrite: check }: Settling,
  signal: AbortSignal,
): Promise<SettledPass> {
  if (!isCertain(pushed)) return NOTHING;
  const { pass, branches, writer } = pushed;
  const findings: Finding[] = [];
  const wanted = new Set(branches.map(({ branch }) => branch));
  const found = foundBy(pass);
  const retiring: Retiring = {
    desk,
    automation,
    wanted,
    idle: idleBranches(pass, found).filter((branch) => !wanted.has(branch)),
    found,
    ownHeads: (names, until) => ownHeads(pushed, { automation, names }, until),
    deleteBranch: async (branch, until) => {
      findings.push(...(await deleteBranch(writer.branch, branch, until)).findings);
    },
    dryRun,
    checkMayWrite: check,
  };
  try {
    return { pullRequests: await retirePullRequests(retiring, signal), findings };
  } catch (thrown) {
    const failure = asAppError(thrown);
    if (failure.code === 'cancelled') throw failure;
    return { pullRequests: [], findings, failure };
  }
}

/** What the branches of groups are called that for certain want nothing now. */
function idleBranches({ automation, plan, groups }: PlannedPass, found: Found): readonly string[] {
  if (automation === undefined) return [];
  const naming = branchNaming(automation);
  const grouping = groupingOf(automation);
  const moving = new Set(groups.map(({ name }) => name));
  const all = groupBy(plan.decisions, (decision) => groupOfDecision(decision, grouping));
  return [...all].flatMap(([group, decisions]) => {
    const isIdle = !moving.has(group) && decisions.every(({ policy }) => isSettled(policy, found));
    return isIdle ? [groupBranch(naming, group)] : [];
  });
}

async function ownHeads(
  { writer: { branch }, revision: base }: PushedPass,
  { automation, names }: { readonly automation: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const own = new Map<string, string>();
  for (const [name, head] of await branch.branchHeads(names, signal)) {
    // Whose it is, is all that matters: nothing is wanted on it any more.
    const nothing = { wanted: new Map(), steps: [], isSettled: () => true };
    const inspected = { branch, base, name, head, owner: { automation }, ...nothing };
    const { kind } = await inspectBranch(inspected, signal);
    if (kind !== 'foreign') own.set(name, head);
  }
  return own;
}
