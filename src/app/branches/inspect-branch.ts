import { holdsMore } from '../../domain/branches/holds-more.ts';
import {
  foreignText,
  holdsWanted,
  isOwnCommit,
  type BranchOwner,
  type HeldFiles,
} from '../../domain/branches/own-commit.ts';
import { readRecord, type RecordedStep } from '../../domain/commit-record.ts';
import { MAX_MANIFEST_BYTES } from '../../domain/manifest/decode.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { FileWrite, GitBranch, LoggedCommit } from '../../ports/ports.ts';

/** How many commits of one branch of ours are looked at: far more than there are groups. */
const MAX_OWN_COMMITS = 1_000;
/** How far back the base is looked through for the commit that a branch begins at; beyond it, the branch is made anew. */
const MAX_BASE_COMMITS = 256;

/** A branch that may be ours, and what it should hold. */
export interface InspectedBranch {
  /** The repo, through the branch that is read. */
  readonly branch: GitBranch;
  /** Head of the branch that is read. */
  readonly base: string;
  readonly name: string;
  readonly head: string;
  readonly owner: BranchOwner;
  /** Files that it should change on the base, with their contents. */
  readonly wanted: ReadonlyMap<string, FileWrite['bytes']>;
  /** The steps that these changes are. */
  readonly steps: readonly RecordedStep[];
  /** Is all certain that a policy wants now? */
  readonly isSettled: (policy: PolicyKey) => boolean;
}

/** What a branch is to us. */
export type BranchVerdict =
  /** It holds what is wanted. */
  | { readonly kind: 'current' }
  /** It holds what is wanted, and more of policies that nothing is certain of just now: it stays. */
  | { readonly kind: 'kept' }
  /** It is ours, and to be made anew on the base. */
  | { readonly kind: 'outdated' }
  /** Somebody else's work is on it. */
  | { readonly kind: 'foreign'; readonly reason: string };

/**
 * Looks at what a branch holds: whose its commits are, where they begin, and what they change. It is ours when its
 * commits are, or when it has none of its own. What is known of it already is not fetched again.
 */
export async function inspectBranch(
  inspected: InspectedBranch,
  signal: AbortSignal,
): Promise<BranchVerdict> {
  const { name, head, wanted, isSettled } = inspected;
  const { begin, steps } = await beginOf(inspected, signal);
  if (begin === undefined) return { kind: 'outdated' };
  const isOnBase = await isInBase(inspected, begin.id, signal);
  if (begin.id === head) {
    return isOnBase ? { kind: 'outdated' } : { kind: 'foreign', reason: foreignText(name, begin) };
  }
  if (!isOnBase) return { kind: 'outdated' };
  const held = await heldFiles(inspected, begin.id, signal);
  if (holdsWanted(held, wanted)) return { kind: 'current' };
  const isMore = holdsMore(steps, inspected.steps, isSettled);
  if (isMore && !(await isTouched(inspected, begin.id, held, signal))) return { kind: 'kept' };
  return { kind: 'outdated' };
}

/**
 * The first commit from the head that is not ours, or none where there are too many of ours; and the steps of
 * those before it.
 */
async function beginOf(
  { branch, head, owner }: InspectedBranch,
  signal: AbortSignal,
): Promise<{ readonly begin?: LoggedCommit; readonly steps: readonly RecordedStep[] }> {
  const steps: RecordedStep[] = [];
  for await (const commit of branch.log(head, MAX_OWN_COMMITS, signal)) {
    if (!isOwnCommit(commit, owner)) return { begin: commit, steps };
    steps.push(...readRecord(commit.message).steps);
  }
  return { steps };
}

/** Is a commit in the late history of the base? */
async function isInBase(
  { branch, base }: InspectedBranch,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (id === base) return true;
  for await (const commit of branch.log(base, MAX_BASE_COMMITS, signal)) {
    if (commit.id === id) return true;
  }
  return false;
}

/** Has the base changed any of the files that a branch changes since that began? */
async function isTouched(
  { branch, base }: InspectedBranch,
  begin: string,
  held: HeldFiles,
  signal: AbortSignal,
): Promise<boolean> {
  if (begin === base) return false;
  const changes = await branch.changes({ before: begin, after: base }, signal);
  return changes.some(({ path }) => held.has(path));
}

/** The files that a branch changes, as far as they can be ours. */
async function heldFiles(
  { branch, head, wanted }: InspectedBranch,
  begin: string,
  signal: AbortSignal,
): Promise<HeldFiles> {
  const changes = await branch.changes({ before: begin, after: head }, signal);
  const held = new Map<string, Uint8Array | undefined>(
    changes.map(({ path }) => [path, undefined]),
  );
  const entries = changes.flatMap(({ path, after }) =>
    after !== undefined && wanted.has(path) ? [{ path, id: after, kind: 'file' as const }] : [],
  );
  for await (const { entry, bytes } of branch
    .files(head)
    .read(entries, MAX_MANIFEST_BYTES, signal)) {
    held.set(entry.path, bytes);
  }
  return held;
}
