import { pushPlan } from '../../domain/branches/destination.ts';
import type { Finding } from '../../domain/errors.ts';
import { foundBy, isSettled } from '../../domain/pull-requests/superseded.ts';
import { checkMayWrite, type BranchWriter } from '../update/push-commits.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import { deleteBranch, type OwnBranchAt } from './delete-branch.ts';
import type { GroupBranch } from './group-branch.ts';
import { isCertain } from './is-certain.ts';
import { isInBase, ownLine, type BranchPlace } from './own-line.ts';
import { automationOf } from './pass-on-branch.ts';

/** A branch of ours that held what nobody wants any more. */
export interface RetiredBranch {
  readonly branch: string;
  readonly commit: string;
  /** `to-delete`: it would be, but nothing is written. */
  readonly state: 'deleted' | 'to-delete';
}

/** A pass whose branches are where they should be. */
export interface DonePass {
  readonly writer: BranchWriter;
  readonly pass: PlannedPass;
  /** Commit that it was planned on. */
  readonly revision: string;
  readonly branches: readonly Pick<GroupBranch, 'branch'>[];
  /** See {@link isCertain}. */
  readonly isWhole: boolean;
}

/** What came of the branch. */
interface Retirement {
  readonly retired?: RetiredBranch;
  readonly findings: readonly Finding[];
}

const NOTHING: Retirement = { findings: [] };

/**
 * Deletes the branch of `push.branch` once nothing that waits there is wanted, so that nobody merges it by mistake: each
 * commit on it is ours, and each of their policies is certain to want nothing. One that is merged as it stands harms
 * nobody, and stays.
 */
export async function retireBranch(done: DonePass, signal: AbortSignal): Promise<Retirement> {
  const { writer, branches } = done;
  for (const { branch: wanted } of branches) writer.idle.forget(wanted);
  if (!isCertain(done)) return NOTHING;
  const at = await staleBranch(done, signal);
  if (at === undefined) return NOTHING;
  const retired = { branch: at.name, commit: at.expected };
  if (writer.dryRun) return { retired: { ...retired, state: 'to-delete' }, findings: [] };
  checkMayWrite(writer);
  const { isGone, findings } = await deleteBranch(writer.branch, at, signal);
  return { findings, ...(isGone ? { retired: { ...retired, state: 'deleted' } } : {}) };
}

/** The branch of ours that nothing is wanted on; undefined: there is none, or it is merged, or it stays for other reasons. */
async function staleBranch(
  { writer, pass, revision: base }: DonePass,
  signal: AbortSignal,
): Promise<OwnBranchAt | undefined> {
  const { branch, idle } = writer;
  const { destination } = pushPlan(pass.automation, branch.name);
  if (destination.kind !== 'branch' || pass.groups.length > 0) return undefined;
  const { branch: name } = destination;
  if (idle.has(base, name)) return undefined;
  const head = (await branch.branchHeads([name], signal)).get(name);
  if (head === undefined || (await isInBase({ branch, base }, head, signal))) {
    idle.add(base, name);
    return undefined;
  }
  const isStale = await isAllDone({ branch, base, head }, pass, signal);
  return isStale ? { name, expected: head } : undefined;
}

/** Are all commits of a branch ours, and all their policies certain to want nothing? */
async function isAllDone(
  place: Omit<BranchPlace, 'owner'>,
  pass: PlannedPass,
  signal: AbortSignal,
): Promise<boolean> {
  const owner = { automation: automationOf(pass) };
  const { begin, steps } = await ownLine({ ...place, owner }, signal);
  if (begin === undefined || !(await isInBase(place, begin, signal))) return false;
  const found = foundBy(pass);
  return steps.every(({ policy }) => isSettled(policy, found));
}
