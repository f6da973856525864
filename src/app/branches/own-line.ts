import { isOwnCommit, type BranchOwner } from '../../domain/branches/own-commit.ts';
import { readRecord, type RecordedStep } from '../../domain/commit-record.ts';
import type { FileChange, LoggedCommit } from '../../ports/history.ts';
import type { GitBranch } from '../../ports/ports.ts';

/** How many commits of one branch of ours are looked at: far more than there are groups. */
const MAX_OWN_COMMITS = 1_000;
/** How far back the base is looked through for the commit that a branch begins at; beyond it, the branch is made anew. */
const MAX_BASE_COMMITS = 256;

/** Where a branch stands. */
export interface BranchPlace {
  /** The repo, through the branch that is read. */
  readonly branch: GitBranch;
  /** Head of the branch that is read. */
  readonly base: string;
  readonly head: string;
  readonly owner: BranchOwner;
}

/** The commits of ours that a branch ends in. */
export interface OwnLine {
  /** What they are made on; the head itself where there are none; undefined: there are too many. */
  readonly begin?: string;
  /** The last one that is not ours. */
  readonly other?: LoggedCommit;
  /** Their steps, as their trailers tell. */
  readonly steps: readonly RecordedStep[];
}

/**
 * Follows a branch back from its head for as long as the commits are ours. A merge of the base that leaves what
 * they change as it is, which a forge makes when somebody brings a pull request up to date, is as good as ours.
 */
export async function ownLine(place: BranchPlace, signal: AbortSignal): Promise<OwnLine> {
  const { branch, head, owner } = place;
  const steps: RecordedStep[] = [];
  for await (const commit of branch.log(head, MAX_OWN_COMMITS, signal)) {
    if (!isOwnCommit(commit, owner)) {
      const merged = commit.id === head ? await mergedLine(place, commit, signal) : undefined;
      return merged ?? { begin: commit.id, other: commit, steps };
    }
    steps.push(...readRecord(commit.message).steps);
  }
  return { steps };
}

/** Is a commit in the late history of the base? */
export async function isInBase(
  { branch, base }: Pick<BranchPlace, 'branch' | 'base'>,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (id === base) return true;
  for await (const commit of branch.log(base, MAX_BASE_COMMITS, signal)) {
    if (commit.id === id) return true;
  }
  return false;
}

/** The line that a merge took into the base's history as it was; undefined: the merge is something else. */
async function mergedLine(
  place: BranchPlace,
  { id, parents }: LoggedCommit,
  signal: AbortSignal,
): Promise<OwnLine | undefined> {
  const [ours, theirs, ...more] = parents;
  if (ours === undefined || theirs === undefined || more.length > 0) return undefined;
  if (!(await isInBase(place, theirs, signal))) return undefined;
  const { begin, steps } = await ownLine({ ...place, head: ours }, signal);
  if (begin === undefined || begin === ours) return undefined;
  const before = await place.branch.changes({ before: begin, after: ours }, signal);
  const after = await place.branch.changes({ before: theirs, after: id }, signal);
  return isSame(before, after) ? { begin: theirs, steps } : undefined;
}

/** Do both leave the same files with the same content? Changes come in path order. */
function isSame(some: readonly FileChange[], others: readonly FileChange[]): boolean {
  const left = (changes: readonly FileChange[]) =>
    JSON.stringify(changes.map(({ path, after = null }) => [path, after]));
  return left(some) === left(others);
}
