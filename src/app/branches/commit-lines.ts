import { groupBranches } from '../../domain/branches/branch-name.ts';
import type { Destination } from '../../domain/branches/destination.ts';
import { groupMark } from '../../domain/commit-record.ts';
import type { BranchOwner } from '../../domain/branches/own-commit.ts';
import type { ChangeGroup } from '../../domain/plan/change-groups.ts';
import type { GitBranch } from '../../ports/ports.ts';
import { draftCommits, type CommitDraft } from '../update/commit-drafts.ts';
import type { CommitLine } from '../update/push-commits.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import type { GroupBranch } from './group-branch.ts';
import { inspectBranch, type BranchVerdict } from './inspect-branch.ts';

/** A pass that was planned on a commit of a branch. */
export interface PassOnBranch {
  readonly branch: GitBranch;
  readonly revision: string;
  readonly pass: PlannedPass;
}

/** What is to be pushed for a pass. */
export interface PassLines {
  readonly lines: readonly CommitLine[];
  readonly branches: readonly GroupBranch[];
}

/**
 * The commits that bring a pass's groups to where they go. For branches of ours: one ref listing, and nothing
 * for those that hold what is wanted already.
 * @throws AppError `resource/invalid` where groups would share a branch
 */
export async function linesTo(
  destination: Destination,
  on: PassOnBranch,
  signal: AbortSignal,
): Promise<PassLines> {
  const { branch, revision, pass } = on;
  const source = branch.files(revision);
  switch (destination.kind) {
    case 'base':
      return { lines: [{ drafts: await draftCommits(source, pass, signal) }], branches: [] };
    case 'branch': {
      const stack = { branch: destination.branch, groups: pass.groups, owner: ownerOf(pass) };
      return linesToBranches(pass.groups.length === 0 ? [] : [stack], on, signal);
    }
    case 'groups': {
      const { naming } = destination;
      const names = groupBranches(
        naming,
        pass.groups.map(({ name }) => name),
        branch.name,
      );
      const stacks = pass.groups.map((group, index) => ({
        branch: names[index] ?? '',
        groups: [group],
        owner: groupMark(ownerOf(pass).automation, group.name),
      }));
      return linesToBranches(stacks, on, signal);
    }
  }
}

/** Groups that go to one branch of ours, one on top of the other. */
interface Stack {
  readonly branch: string;
  readonly groups: readonly ChangeGroup[];
  readonly owner: BranchOwner;
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
  { groups, owner }: Stack,
  { branch, revision, pass }: PassOnBranch,
  signal: AbortSignal,
): Promise<readonly CommitDraft[]> {
  const { style, author, signOff } = pass;
  const { automation } = owner;
  const markOf = ({ name }: ChangeGroup) => groupMark(automation, name);
  return draftCommits(branch.files(revision), { style, author, signOff, groups, markOf }, signal);
}

async function verdictOn(
  { branch: name, owner }: Stack,
  {
    branch,
    revision,
    head,
    drafts,
  }: PassOnBranch & {
    readonly head: string | undefined;
    readonly drafts: readonly CommitDraft[];
  },
  signal: AbortSignal,
): Promise<BranchVerdict> {
  if (head === undefined) return { kind: 'outdated' };
  const writes = drafts.flatMap((draft) => draft.writes);
  const wanted = new Map(writes.map(({ path, bytes }) => [path, bytes]));
  return inspectBranch({ branch, base: revision, name, head, owner, wanted }, signal);
}

function ownerOf({ style }: PlannedPass): Pick<BranchOwner, 'automation'> {
  const { namespace, name } = style.automation;
  return { automation: `${namespace}/${name}` };
}
