import { AppError } from '../../domain/errors.ts';
import { messageOf } from './commit-author.ts';
import { backoffMs } from '../../domain/schedule.ts';
import type { CommitSigner } from '../../signing-port.ts';
import type { Clock, FileWrite, GitBranch, Person } from '../../ports.ts';
import { writesOf } from './edit-files.ts';
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

/** A commit to make on the head it was planned for; no writes: nothing to do, unless the message is all there is to say. */
export interface PlannedCommit<T> {
  readonly writes: readonly FileWrite[];
  readonly message: string;
  readonly author: Person;
  /** Is it made even without writes? */
  readonly isNote?: boolean;
  readonly signer?: CommitSigner | undefined;
  readonly result: T;
}

/**
 * Plans on the branch's head and pushes the outcome. When someone else pushed in between, the plan
 * is made again on the new head: intent is repeated, text is never rebased, nothing is forced.
 * @throws AppError `git/conflict` when the branch would not stand still, `cancelled` when this process
 * may write no more: then nothing was pushed
 */
export async function commitToBranch<T>(
  writer: BranchWriter,
  plan: (head: string) => Promise<PlannedCommit<T>>,
  signal: AbortSignal,
): Promise<{ readonly result: T; readonly commit?: string }> {
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
    const { writes: files, message, author, signer, isNote = false, result } = planned;
    if ((files.length === 0 && !isNote) || writer.dryRun) return { result };
    const time = writer.clock.now();
    const request = { parent, files, message, author, signer, time };
    const commit = await writer.branch.commit(request, signal);
    if (writer.mayWrite?.() === false) {
      const message = `${writer.branch.description}: this process is no longer to write; nothing was pushed`;
      throw new AppError('cancelled', message);
    }
    const push = await writer.branch.push({ commit, parent }, signal);
    if (push.kind === 'pushed') return { result, commit };
    reason = push.reason;
  }
  throw new AppError(
    'git/conflict',
    `${writer.branch.description}: gave up after ${MAX_ATTEMPTS} rejected pushes (${reason})`,
    { retry: true },
  );
}

/** A commit that is gone by the time it is fetched: the branch moved in between. Else the error itself is thrown. */
function branchMoved(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'git/not-found' && error.retry) return error;
  throw error;
}

/** A pass that was carried out. */
export interface CarriedOutPass {
  readonly pass: PlannedPass;
  readonly commit?: { readonly id: string; readonly subject: string };
}

/** One update pass over a branch: at most one commit. */
export async function updateBranch(
  context: PassContext,
  writer: BranchWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { result, commit } = await commitToBranch(
    writer,
    async (revision) => {
      const source = writer.branch.files(revision);
      const pass = await planPass(
        context,
        { ...request, source, revision, history: writer.branch },
        signal,
      );
      const message = messageOf(pass);
      return {
        writes: writesOf(pass.edits),
        message,
        author: pass.author,
        signer: pass.signer,
        result: { pass, message },
      };
    },
    signal,
  );
  const subject = result.message.slice(0, result.message.indexOf('\n'));
  return {
    pass: result.pass,
    ...(commit === undefined ? {} : { commit: { id: commit, subject } }),
  };
}
