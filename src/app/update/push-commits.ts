import { AppError } from '../../domain/errors.ts';
import { backoffMs } from '../../domain/schedule.ts';
import type { Person } from '../../ports/history.ts';
import type { Clock, GitBranch, PushRequest, PushResult, PushTarget } from '../../ports/ports.ts';
import type { CommitSigner } from '../../ports/signing.ts';
import type { IdleBranches } from '../branches/idle-branches.ts';
import type { ToldRefs } from '../branches/told-refs.ts';
import { madeCommit, type CommitDraft, type MadeCommit } from './commit-drafts.ts';

/** Tries before a branch that never stands still is given up for this pass. */
const MAX_ATTEMPTS = 10;

/** The first retry comes soon: most rejected pushes lost a race by a second. */
const PUSH_BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** What writing to a branch needs besides the pass itself. */
export interface BranchWriter {
  readonly branch: GitBranch;
  readonly clock: Clock;
  /** From 0 to 1: spreads the retries of several writers. */
  readonly random: () => number;
  /** Plan only; nothing is written. */
  readonly dryRun: boolean;
  /** Asked just before each push: may this process still write? Without it, it always may. */
  readonly mayWrite?: () => boolean;
  /** What refs that cannot be read were sent before. */
  readonly toldRefs: ToldRefs;
  /** Branches of ours that nothing is wanted on. */
  readonly idle: IdleBranches;
  /** Told of each push that lost a race and is tried again. */
  readonly onRetry?: (reason: string) => void;
}

/** Where commits go that do not go to the branch that is read. */
export type Elsewhere =
  /** A branch of ours, whatever it holds, if it is at `expected`; undefined: if there is none. */
  | { readonly branch: string; readonly expected: string | undefined }
  /** Any other ref, by its full name. */
  | { readonly ref: string };

/** Commits to make, one on top of the other, the first of them on the head they were planned for. */
export interface CommitLine {
  readonly drafts: readonly CommitDraft[];
  /** Default: the branch that is read. */
  readonly onto?: Elsewhere;
}

/** What is to be pushed; no lines, or none with drafts: nothing to do. */
export interface PlannedCommits<T> {
  readonly lines: readonly CommitLine[];
  readonly author: Person;
  readonly signer?: CommitSigner | undefined;
  /** What the server is told beside each push. */
  readonly options?: readonly string[];
  /** A further ref that each commit goes to. */
  readonly alsoTo?: string | undefined;
  readonly result: T;
}

/**
 * Plans on the branch's head and pushes the outcome, one commit after the other. When someone else pushed
 * in between, what is left is planned again on the new head: intent is repeated, text is never rebased,
 * nothing of others is forced.
 * @throws AppError `git/conflict` when a branch would not stand still, `cancelled` when this process
 * may write no more
 */
export async function pushCommits<T>(
  writer: BranchWriter,
  plan: (head: string) => Promise<PlannedCommits<T>>,
  signal: AbortSignal,
): Promise<{ readonly result: T; readonly commits: readonly MadeCommit[] }> {
  const commits: MadeCommit[] = [];
  let reason = '';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) {
      writer.onRetry?.(reason);
      const random = writer.random();
      await writer.clock.sleep(backoffMs(attempt, { ...PUSH_BACKOFF, random }), signal);
    }
    const head = await writer.branch.head(signal);
    const planned = await plan(head).catch(branchMoved);
    if (planned instanceof AppError) {
      reason = planned.message;
      continue;
    }
    if (writer.dryRun) return { result: planned.result, commits };
    const pushed = await pushLines(writer, { head, planned }, signal);
    commits.push(...pushed.commits);
    if (pushed.rejected === undefined) return { result: planned.result, commits };
    reason = pushed.rejected;
  }
  throw new AppError(
    'git/conflict',
    `${writer.branch.description}: gave up after ${MAX_ATTEMPTS} rejected pushes (${reason})`,
    { retry: true },
  );
}

/** What was pushed, and why it ended where it lost a race. */
interface Pushed {
  readonly commits: readonly MadeCommit[];
  readonly rejected?: string;
}

/** What is pushed on which head. */
interface Pushing {
  readonly head: string;
  readonly planned: Omit<PlannedCommits<unknown>, 'result'>;
}

/** Pushes one line after the other, until one loses a race. */
async function pushLines(
  writer: BranchWriter,
  pushing: Pushing,
  signal: AbortSignal,
): Promise<Pushed> {
  const commits: MadeCommit[] = [];
  for (const line of pushing.planned.lines) {
    const pushed = await pushLine(writer, pushing, line, signal);
    commits.push(...pushed.commits);
    if (pushed.rejected !== undefined) return { commits, rejected: pushed.rejected };
  }
  return { commits };
}

async function pushLine(
  writer: BranchWriter,
  { head, planned }: Pushing,
  { drafts, onto }: CommitLine,
  signal: AbortSignal,
): Promise<Pushed> {
  const { author, signer, options = [], alsoTo } = planned;
  const { branch, clock } = writer;
  const commits: MadeCommit[] = [];
  let parent = head;
  for (const draft of drafts) {
    const { writes: files, message } = draft;
    const request = { parent, files, message, author, signer, time: clock.now() };
    const commit = await branch.commit(request, signal);
    const target = targetOf(onto, commits.length === 0 ? undefined : parent);
    const pushed = await push(writer, { commit, parent, options, ...target }, signal);
    if (pushed.kind === 'rejected') return { commits, rejected: pushed.reason };
    const name = nameOf(onto) ?? branch.name;
    const refs = [onto !== undefined && 'ref' in onto ? onto.ref : `refs/heads/${name}`];
    if (alsoTo !== undefined) {
      await push(writer, { commit, parent, options, target: { ref: alsoTo } }, signal);
      refs.push(alsoTo);
    }
    commits.push({ ...madeCommit(commit, draft), branch: name, refs });
    parent = commit;
  }
  return { commits };
}

/** @param previous the commit of the line that was pushed before */
function targetOf(
  onto: CommitLine['onto'],
  previous: string | undefined,
): { readonly target?: PushTarget } {
  if (onto === undefined) return {};
  if ('ref' in onto) return { target: onto };
  const { branch, expected } = onto;
  if (previous === undefined) return { target: { branch, expected, replace: true } };
  return { target: { branch, expected: previous } };
}

function nameOf(onto: CommitLine['onto']): string | undefined {
  if (onto === undefined) return undefined;
  return 'ref' in onto ? onto.ref : onto.branch;
}

/**
 * @returns `rejected` for a branch that moved: to plan again will help
 * @throws AppError `git/rejected` for another ref that holds what the commit is not made on: nothing is forced
 */
async function push(
  writer: BranchWriter,
  request: PushRequest,
  signal: AbortSignal,
): Promise<PushResult> {
  checkMayWrite(writer);
  const { branch } = writer;
  const { target, commit } = request;
  const result = await branch.push(request, signal);
  if (result.kind === 'pushed' || target === undefined || 'branch' in target) return result;
  throw new AppError(
    'git/rejected',
    `${branch.description}: ${target.ref} cannot be moved on to commit ${commit.slice(0, 12)}: it holds something else (${result.reason})`,
  );
}

/** @throws AppError `cancelled` when this process may write no more */
export function checkMayWrite({ branch, mayWrite }: BranchWriter): void {
  if (mayWrite?.() !== false) return;
  const message = `${branch.description}: this process is no longer to write; nothing was pushed`;
  throw new AppError('cancelled', message);
}

/** A commit that is gone by the time it is fetched: the branch moved in between. Else the error itself is thrown. */
function branchMoved(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'git/not-found' && error.retry) return error;
  throw error;
}
