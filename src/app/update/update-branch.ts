import { AppError } from '../../domain/errors.ts';
import { backoffMs } from '../../domain/schedule.ts';
import type { CommitSigner } from '../../ports/signing.ts';
import type { Clock, GitBranch, Person } from '../../ports/ports.ts';
import { draftCommits, madeCommit, type CommitDraft, type MadeCommit } from './commit-drafts.ts';
import { planPass, type PassContext, type PassRequest, type PlannedPass } from './update-pass.ts';

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

/** Commits to make, one on top of the other, on the head they were planned for; none: nothing to do. */
export interface PlannedCommits<T> {
  readonly drafts: readonly CommitDraft[];
  readonly author: Person;
  readonly signer?: CommitSigner | undefined;
  readonly result: T;
}

/**
 * Plans on the branch's head and pushes the outcome, one commit after the other. When someone else pushed
 * in between, what is left is planned again on the new head: intent is repeated, text is never rebased,
 * nothing is forced.
 * @throws AppError `git/conflict` when the branch would not stand still, `cancelled` when this process
 * may write no more
 */
export async function commitToBranch<T>(
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
    const parent = await writer.branch.head(signal);
    const planned = await plan(parent).catch(branchMoved);
    if (planned instanceof AppError) {
      reason = planned.message;
      continue;
    }
    const { drafts, author, signer, result } = planned;
    if (drafts.length === 0 || writer.dryRun) return { result, commits };
    const pushed = await pushDrafts(writer, { parent, drafts, author, signer }, signal);
    commits.push(...pushed.commits);
    if (pushed.rejected === undefined) return { result, commits };
    reason = pushed.rejected;
  }
  throw new AppError(
    'git/conflict',
    `${writer.branch.description}: gave up after ${MAX_ATTEMPTS} rejected pushes (${reason})`,
    { retry: true },
  );
}

/** Pushes one commit after the other, until one loses a race. */
async function pushDrafts(
  writer: BranchWriter,
  on: {
    readonly parent: string;
    readonly drafts: readonly CommitDraft[];
    readonly author: Person;
    readonly signer: CommitSigner | undefined;
  },
  signal: AbortSignal,
): Promise<{ readonly commits: readonly MadeCommit[]; readonly rejected?: string }> {
  const { branch, clock } = writer;
  const commits: MadeCommit[] = [];
  const { author, signer } = on;
  let { parent } = on;
  for (const draft of on.drafts) {
    const { writes: files, message } = draft;
    const request = { parent, files, message, author, signer, time: clock.now() };
    const commit = await branch.commit(request, signal);
    checkMayWrite(writer);
    const push = await branch.push({ commit, parent }, signal);
    if (push.kind === 'rejected') return { commits, rejected: push.reason };
    commits.push(madeCommit(commit, draft));
    parent = commit;
  }
  return { commits };
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

/** A pass that was carried out. */
export interface CarriedOutPass {
  readonly pass: PlannedPass;
  /** Those that were made, the first of them first. */
  readonly commits: readonly MadeCommit[];
}

/** One update pass over a branch: at most one commit for each group. */
export async function updateBranch(
  context: PassContext,
  writer: BranchWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { result: pass, commits } = await commitToBranch(
    writer,
    async (revision) => {
      const source = writer.branch.files(revision);
      const input = { ...request, source, revision, history: writer.branch };
      const result = await planPass(context, input, signal);
      const { author, signer } = result;
      return { drafts: await draftCommits(source, result, signal), author, signer, result };
    },
    signal,
  );
  return { pass, commits };
}
