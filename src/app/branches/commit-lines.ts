import { groupBranches } from '../../domain/branches/branch-name.ts';
import { reviewTrailers } from '../../domain/branches/change-id.ts';
import type { PushPlan } from '../../domain/branches/destination.ts';
import { groupMark, groupTrailer } from '../../domain/commit-record.ts';
import type { BranchOwner } from '../../domain/branches/own-commit.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ChangeGroup } from '../../domain/plan/change-groups.ts';
import { isSettled } from '../../domain/pull-requests/superseded.ts';
import { draftCommits, type CommitDraft } from '../update/commit-drafts.ts';
import type { CommitLine } from '../update/push-commits.ts';
import type { GroupBranch } from './group-branch.ts';
import { inspectBranch, type BranchVerdict } from './inspect-branch.ts';
import { automationOf, type PassLines, type PassOnBranch } from './pass-on-branch.ts';
import { linesToRef } from './ref-lines.ts';

/**
 * The commits that bring a pass's groups to where they go. For branches of ours: one ref listing, and nothing
 * for those that hold what is wanted already.
 * @throws AppError `resource/invalid` where groups would share a branch
 */
export async function linesTo(
  { destination, alsoTo }: PushPlan,
  on: PassOnBranch,
  signal: AbortSignal,
): Promise<PassLines> {
  const { branch, revision, pass } = on;
  const { groups } = pass;
  const automation = automationOf(pass);
  switch (destination.kind) {
    case 'base': {
      const trailersOf = reviewTrailers(automation, alsoTo);
      const drafts = await draftCommits(branch.files(revision), { ...pass, trailersOf }, signal);
      return { lines: [{ drafts }], branches: [] };
    }
    case 'branch': {
      const stack = { branch: destination.branch, groups, owner: { automation }, alsoTo };
      return linesToBranches(groups.length === 0 ? [] : [stack], on, signal);
    }
    case 'groups': {
      const names = groups.map(({ name }) => name);
      const branches = groupBranches(destination.naming, names, branch.name);
      const stacks = groups.map((group, index) => ({
        branch: branches[index] ?? '',
        groups: [group],
        owner: groupMark(automation, group.name),
      }));
      return linesToBranches(stacks, on, signal);
    }
    case 'ref':
      return linesToRef(destination.ref, on, signal);
  }
}

/** Groups that go to one branch of ours, one on top of the other. */
interface Stack {
  readonly branch: string;
  readonly groups: readonly ChangeGroup[];
  readonly owner: BranchOwner;
  /** A further ref that they go to. */
  readonly alsoTo?: string | undefined;
}

async function linesToBranches(
  stacks: readonly Stack[],
  on: PassOnBranch,
  signal: AbortSignal,
): Promise<PassLines> {
  const names = stacks.map(({ branch }) => branch);
  const heads =
    names.length === 0 ? new Map<string, string>() : await on.branch.branchHeads(names, signal);
  const lines: CommitLine[] = [];
  const branches: GroupBranch[] = [];
  for (const stack of stacks) {
    const head = heads.get(stack.branch);
    const drafts = await draftsOf(stack, on, signal);
    const verdict = await verdictOn(stack, { ...on, head, drafts }, signal);
    const isWanted = verdict.kind === 'outdated';
    if (isWanted) lines.push({ drafts, onto: { branch: stack.branch, expected: head } });
    branches.push(
      ...stack.groups.map((group, index) => ({
        group,
        branch: stack.branch,
        state: isWanted ? ('planned' as const) : verdict.kind,
        ...(head === undefined ? {} : { commit: head }),
        message: drafts[index]?.message ?? '',
        ...('reason' in verdict ? { reason: verdict.reason } : {}),
      })),
    );
  }
  return { lines, branches };
}

function draftsOf(
  { groups, owner, alsoTo }: Stack,
  { branch, revision, pass }: PassOnBranch,
  signal: AbortSignal,
): Promise<readonly CommitDraft[]> {
  const { style, author, signOff } = pass;
  const { automation } = owner;
  const forReview = reviewTrailers(automation, alsoTo);
  const trailersOf = (group: ChangeGroup) => [
    groupTrailer(groupMark(automation, group.name)),
    ...forReview(group),
  ];
  const drafted = { style, author, signOff, groups, trailersOf };
  return draftCommits(branch.files(revision), drafted, signal);
}

async function verdictOn(
  { branch: name, owner }: Stack,
  {
    branch,
    revision,
    pass,
    head,
    drafts,
  }: PassOnBranch & {
    readonly head: string | undefined;
    readonly drafts: readonly CommitDraft[];
  },
  signal: AbortSignal,
): Promise<BranchVerdict> {
  if (head === undefined) return { kind: 'outdated' };
  const { plan, views, known } = pass;
  const found = { decisions: plan.decisions, applied: new Set(views.keys()), known };
  const writes = drafts.flatMap((draft) => draft.writes);
  const inspected = {
    branch,
    base: revision,
    name,
    head,
    owner,
    wanted: new Map(writes.map(({ path, bytes }) => [path, bytes])),
    steps: drafts.flatMap(({ changes }) => changes),
    isSettled: (policy: PolicyKey) => isSettled(policy, found),
  };
  return inspectBranch(inspected, signal);
}
