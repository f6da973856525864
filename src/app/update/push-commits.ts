import { AppError } from '../../domain/errors.ts';
import { backoffMs } from '../../domain/schedule.ts';
import type { Clock, GitBranch, Person, PushTarget } from '../../ports/ports.ts';
import type { CommitSigner } from '../../ports/signing.ts';
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
  /** Told of each push that lost a race and is tried again. */
  readonly onRetry?: (reason: string) => void;
}

/** A branch of ours, whatever it holds. */
export interface OwnBranch {
  readonly branch: string;
  /** Where it must be; undefined: there must be none. */
  readonly expected: string | undefined;
}

/** Commits to make, one on top of the other, the first of them on the head they were planned for. */
export interface CommitLine {
  readonly drafts: readonly CommitDraft[];
  /** Default: the branch that is read. */
  readonly onto?: OwnBranch;
}

/** What is to be pushed; no lines, or none with drafts: nothing to do. */
export interface PlannedCommits<T> {
  readonly lines: readonly CommitLine[];
  readonly author: Person;
  readonly signer?: CommitSigner | undefined;
  /** What the server is told beside each push. */
  readonly options?: readonly string[];
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
  const { author, signer, options = [] } = planned;
  const { branch, clock } = writer;
  const commits: MadeCommit[] = [];
  let parent = head;
  for (const draft of drafts) {
    const { writes: files, message } = draft;
    const request = { parent, files, message, author, signer, time: clock.now() };
    const commit = await branch.commit(request, signal);
    const target = targetOf(onto, commits.length === 0 ? undefined : parent);
    checkMayWrite(writer);
    const push = await branch.push({ commit, parent, options, ...target }, signal);
    if (push.kind === 'rejected') return { commits, rejected: push.reason };
    commits.push({ ...madeCommit(commit, draft), branch: onto?.branch ?? branch.name });
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
  const { branch, expected } = onto;
  if (previous === undefined) return { target: { branch, expected, replace: true } };
  return { target: { branch, expected: previous } };
}

/** @throws AppError `cancelled` when this process may write no more */
function checkMayWrite({ branch, mayWrite }: BranchWriter): void {
  if (mayWrite?.() !== false) return;
  const message = `${branch.description}: this process is no longer to write; nothing was pushed`;
  throw new AppError('cancelled', message);
}

/** A commit that is gone by the time it is fetched: the branch moved in between. Else the error itself is thrown. */
function branchMoved(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'git/not-found' && error.retry) return error;
  throw error;
}
