import { groupBranches } from '../../domain/branches/branch-name.ts';
import { reviewTrailers } from '../../domain/branches/change-id.ts';
import type { PushPlan } from '../../domain/branches/destination.ts';
import { newsOf } from '../../domain/branches/news.ts';
import { groupMark } from '../../domain/commit-record.ts';
import { decisionsOf, withoutDecisions } from '../../domain/plan/change-groups.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { draftCommits } from '../update/commit-drafts.ts';
import type { CommitLine } from '../update/push-commits.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import type { GroupBranch } from './group-branch.ts';
import { inspectStack, type Stack } from './inspect-stack.ts';
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
  const { branch, pass } = on;
  const { groups } = pass;
  const automation = automationOf(pass);
  switch (destination.kind) {
    case 'base':
      return linesToBase(alsoTo, on, signal);
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

/** The edits of all groups together are no longer those of what is left. */
function withoutNews(
  { style, author, signOff, groups, views }: PlannedPass,
  news: readonly Decision[],
) {
  return { style, author, signOff, groups: withoutDecisions(groups, views, new Set(news)) };
}

async function linesToBase(
  alsoTo: string | undefined,
  { branch, revision, pass, wait }: PassOnBranch,
  signal: AbortSignal,
): Promise<PassLines> {
  const news = newsOf(decisionsOf(pass.groups), []);
  const due = wait === undefined ? pass : withoutNews(pass, news);
  const trailersOf = reviewTrailers(automationOf(pass), alsoTo);
  const drafts = await draftCommits(branch.files(revision), { ...due, trailersOf }, signal);
  return { lines: [{ drafts }], branches: [], news };
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
  const news: Decision[] = [];
  for (const stack of stacks) {
    const head = heads.get(stack.branch);
    const found = await inspectStack(stack, { ...on, head }, signal);
    news.push(...found.news);
    if (found.groups.length === 0) continue;
    const { verdict, drafts } = found;
    const isWanted = verdict.kind === 'outdated';
    if (isWanted) lines.push({ drafts, onto: { branch: stack.branch, expected: head } });
    branches.push(
      ...found.groups.map((group, index) => ({
        group,
        branch: stack.branch,
        state: isWanted ? ('planned' as const) : verdict.kind,
        ...(head === undefined ? {} : { commit: head }),
        message: drafts[index]?.message ?? '',
        ...('reason' in verdict ? { reason: verdict.reason } : {}),
      })),
    );
  }
  return { lines, branches, news };
}
