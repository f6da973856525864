import { reviewTrailers } from '../../domain/branches/change-id.ts';
import { newsOf, replacesSome } from '../../domain/branches/news.ts';
import type { BranchOwner } from '../../domain/branches/own-commit.ts';
import { groupMark, groupTrailer } from '../../domain/commit-record.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import {
  decisionsOf,
  withoutDecisions,
  type ChangeGroup,
} from '../../domain/plan/change-groups.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { keepWaiting } from '../../domain/plan/waiting.ts';
import { foundBy, isSettled } from '../../domain/pull-requests/superseded.ts';
import { draftCommits, type CommitDraft } from '../update/commit-drafts.ts';
import { inspectBranch, type BranchVerdict } from './inspect-branch.ts';
import type { PassOnBranch } from './pass-on-branch.ts';

/** Groups that go to one branch of ours, one on top of the other. */
export interface Stack {
  readonly branch: string;
  readonly groups: readonly ChangeGroup[];
  readonly owner: BranchOwner;
  /** A further ref that they go to. */
  readonly alsoTo?: string | undefined;
}

/** A stack as it is to be on its branch now. */
export interface InspectedStack {
  readonly groups: readonly ChangeGroup[];
  readonly drafts: readonly CommitDraft[];
  readonly verdict: BranchVerdict;
  readonly news: readonly Decision[];
}

/** Where a stack's branch stands; undefined: there is none. */
interface StackPlace extends PassOnBranch {
  readonly head: string | undefined;
}

/**
 * What is to be on the branch of a stack, and what of it is new there. What is new waits where it has to, unless the
 * branch has to be made anew all the same and would lose what the news take the place of: then they go along.
 */
export async function inspectStack(
  stack: Stack,
  on: StackPlace,
  signal: AbortSignal,
): Promise<InspectedStack> {
  const { groups } = stack;
  const whole = await inspectGroups(stack, on, signal);
  const { verdict } = whole;
  const held = verdict.kind === 'outdated' ? verdict.held : [];
  const news = verdict.kind === 'outdated' ? newsOf(decisionsOf(groups), held) : [];
  const { pass, wait } = on;
  if (wait === undefined || news.length === 0) return { ...whole, news };
  const waits = new Set(news);
  const rest = { ...stack, groups: withoutDecisions(groups, pass.views, waits) };
  if (rest.groups.length === 0) return { groups: [], drafts: [], verdict, news };
  const plan = keepWaiting(pass.plan, (decision) => waits.has(decision), wait);
  const found = await inspectGroups(rest, { ...on, pass: { ...pass, plan } }, signal);
  const isLost = found.verdict.kind === 'outdated' && replacesSome(news, held);
  return isLost ? { ...whole, news: [] } : { ...found, news };
}

async function inspectGroups(
  stack: Stack,
  place: StackPlace,
  signal: AbortSignal,
): Promise<Omit<InspectedStack, 'news'>> {
  const drafts = await draftsOf(stack, place, signal);
  const verdict = await verdictOn(stack, { ...place, drafts }, signal);
  return { groups: stack.groups, drafts, verdict };
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
  place: StackPlace & { readonly drafts: readonly CommitDraft[] },
  signal: AbortSignal,
): Promise<BranchVerdict> {
  const { branch, revision, pass, head, drafts } = place;
  if (head === undefined) return { kind: 'outdated', held: [] };
  const found = foundBy(pass);
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
