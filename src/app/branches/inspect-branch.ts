import { holdsMore } from '../../domain/branches/holds-more.ts';
import { foreignText, holdsWanted, type HeldFiles } from '../../domain/branches/own-commit.ts';
import type { RecordedStep } from '../../domain/commit-record.ts';
import { MAX_MANIFEST_BYTES } from '../../domain/manifest/decode.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { FileWrite } from '../../ports/ports.ts';
import { isInBase, ownLine, type BranchPlace } from './own-line.ts';

/** A branch that may be ours, and what it should hold. */
export interface InspectedBranch extends BranchPlace {
  readonly name: string;
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
  /** It is ours, and to be made anew on the base. `held`: the steps that its commits tell of. */
  | { readonly kind: 'outdated'; readonly held: readonly RecordedStep[] }
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
  const { begin, other, steps } = await ownLine(inspected, signal);
  if (begin === undefined || !(await isInBase(inspected, begin, signal))) {
    const isTheirs = begin === head && other !== undefined;
    return isTheirs
      ? { kind: 'foreign', reason: foreignText(name, other) }
      : { kind: 'outdated', held: steps };
  }
  const held = await heldFiles(inspected, begin, signal);
  if (holdsWanted(held, wanted)) return { kind: 'current' };
  const isMore = holdsMore(steps, inspected.steps, isSettled);
  if (isMore && !(await isTouched(inspected, begin, held, signal))) return { kind: 'kept' };
  return { kind: 'outdated', held: steps };
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
