import { lockMessage } from '../../domain/commit-message.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import type { Ports } from '../../ports/ports.ts';
import { listHolds, type ListedHold } from '../holds/list-holds.ts';
import { onBranch } from '../update/branch-sessions.ts';
import { planLock, type LockEdit, type LockWish } from './edit-lock.ts';
import { listLocks, type LockList } from './list-locks.ts';
import type { LockTarget } from './lock-target.ts';
import { writesOf } from '../update/edit-files.ts';
import { automationsAt, commandSettings } from '../update/command-settings.ts';
import { accessTo, type GivenSettings, type RemoteTarget, type Target } from '../update/target.ts';
import {
  commitToCheckout,
  commitToRemote,
  type AskedChange,
  type AskedCommit,
  type AskedWork,
} from '../update/asked-commit.ts';

/** A lock or unlock, where, and how far it goes. */
export interface LockRequest extends AskedCommit {
  readonly target: Target;
  readonly place: LockTarget;
  /** Absent: unlock. */
  readonly wish?: LockWish;
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
  const { draft } = draftOf(planned);
  if (draft === undefined || request.dryRun) return planned;
  if (!request.commit) {
    await checkout.write(draft.writes, signal);
    return planned;
  }
  const commit = await commitToCheckout(ports, { checkout, target, asked: request }, draft, signal);
  return { ...planned, commit };
}

async function changeRemoteLock(
  ports: Ports,
  request: LockRequest,
  target: RemoteTarget,
  signal: AbortSignal,
): Promise<LockOutcome> {
  const { place, wish } = request;
  const change = async ({ writer, head }: AskedWork) => {
    const result = await planLock(writer.branch.files(head), place, wish, signal);
    return { result, ...draftOf(result) };
  };
  const { result, ...made } = await commitToRemote(
    ports,
    { target, asked: request },
    change,
    signal,
  );
  return { ...result, ...made };
}

function draftOf({ edit, change }: LockEdit): Pick<AskedChange<LockEdit>, 'draft'> {
  return edit === undefined
    ? {}
    : { draft: { writes: writesOf([edit]), message: lockMessage(change) } };
}

/** Locks, and fields that somebody moved back by hand. */
export interface LocksAndHolds extends LockList {
  /** Of a remote branch only: a folder is looked at without its history. */
  readonly holds: readonly ListedHold[];
}

/** Lists the locks of a folder, or the locks and holds of a remote branch. */
export async function locksOf(
  ports: Ports,
  { target, settings }: { readonly target: Target; readonly settings: GivenSettings },
  signal: AbortSignal,
): Promise<LocksAndHolds> {
  const now = ports.clock.now();
  if (target.kind === 'folder') {
    const checkout = await ports.open.checkout(target.dir);
    return { ...(await listLocks(checkout, now, signal)), holds: [] };
  }
  const own = await commandSettings(ports, settings, target, signal);
  const access = await accessTo(target, own.automation, ports, signal);
  return onBranch(ports, access, { dryRun: true, signal }, async (work) => {
    const { branch } = work.writer;
    const head = await branch.head(signal);
    const { locks, findings } = await listLocks(branch.files(head), now, signal);
    const automationsOf = (resources: Resources) => automationsAt(own, resources, target);
    const held = await listHolds({ ...work, head, given: own.given, automationsOf }, signal);
    return { locks, holds: held.holds, findings: [...findings, ...held.findings] };
  });
}
