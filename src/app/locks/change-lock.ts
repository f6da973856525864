import { lockMessage } from '../../domain/commit-message.ts';
import type { Ports } from '../../ports/ports.ts';
import { listHolds, type ListedHold } from '../holds/list-holds.ts';
import { onBranch } from '../update/branch-sessions.ts';
import { planLock, type LockEdit, type LockWish } from './edit-lock.ts';
import { listLocks, type LockList } from './list-locks.ts';
import type { LockTarget } from './lock-target.ts';
import { pushCommits } from '../update/push-commits.ts';
import type { RemoteTarget, Target } from '../update/update-once.ts';
import { writesOf } from '../update/edit-files.ts';
import { DEFAULT_AUTHOR } from '../update/commit-author.ts';

/** A lock or unlock, where, and how far it goes. */
export interface LockRequest {
  readonly target: Target;
  readonly place: LockTarget;
  /** Absent: unlock. */
  readonly wish?: LockWish;
  readonly dryRun: boolean;
  /** Commit in a local work tree; a remote is always committed to. */
  readonly commit: boolean;
}

/** What was done. */
export interface LockOutcome extends LockEdit {
  readonly commit?: string;
}

/** Writes or removes a lock, through the same editor and queue as any update. */
export async function changeLock(
  ports: Ports,
  request: LockRequest,
  signal: AbortSignal,
): Promise<LockOutcome> {
  const { target } = request;
  if (target.kind === 'remote') return changeRemoteLock(ports, request, target, signal);
  const checkout = await ports.open.checkout(target.dir);
  const planned = await planLock(checkout, request.place, request.wish, signal);
  const { edit, change } = planned;
  if (edit === undefined || request.dryRun) return planned;
  const files = writesOf([edit]);
  if (!request.commit) {
    await checkout.write(files, signal);
    return planned;
  }
  const message = lockMessage(change);
  const time = ports.clock.now();
  const commit = { files, message, author: DEFAULT_AUTHOR, time };
  return { ...planned, commit: await checkout.commit(commit, signal) };
}

async function changeRemoteLock(
  ports: Ports,
  request: LockRequest,
  target: RemoteTarget,
  signal: AbortSignal,
): Promise<LockOutcome> {
  return onBranch(ports, target, { dryRun: request.dryRun, signal }, async ({ writer }) => {
    const plan = async (head: string) => {
      const files = writer.branch.files(head);
      const result = await planLock(files, request.place, request.wish, signal);
      const { edit, change } = result;
      const draft = { message: lockMessage(change), changes: [] };
      const drafts = edit === undefined ? [] : [{ ...draft, writes: writesOf([edit]) }];
      return { lines: [{ drafts }], author: DEFAULT_AUTHOR, result };
    };
    const { result, commits } = await pushCommits(writer, plan, signal);
    const [made] = commits;
    return { ...result, ...(made === undefined ? {} : { commit: made.id }) };
  });
}

/** Locks, and fields that somebody moved back by hand. */
export interface LocksAndHolds extends LockList {
  /** Of a remote branch only: a folder is looked at without its history. */
  readonly holds: readonly ListedHold[];
}

/** Lists the locks of a folder, or the locks and holds of a remote branch. */
export async function locksOf(
  ports: Ports,
  target: Target,
  signal: AbortSignal,
): Promise<LocksAndHolds> {
  const now = ports.clock.now();
  if (target.kind === 'folder') {
    const checkout = await ports.open.checkout(target.dir);
    return { ...(await listLocks(checkout, now, signal)), holds: [] };
  }
  return onBranch(ports, target, { dryRun: true, signal }, async ({ writer, context }) => {
    const { branch } = writer;
    const head = await branch.head(signal);
    const locks = await listLocks(branch.files(head), now, signal);
    const holds = await listHolds({ branch, head, reader: context.reader, now }, signal);
    return { ...locks, holds };
  });
}
