import { AppError } from '../../domain/errors.ts';
import type { FileDifference, FileEntry } from '../../ports/files.ts';
import type { FileChange } from '../../ports/history.ts';

/** Mode of a submodule, whose id is a commit of another repo. */
export const SUBMODULE = '160000';

/** One leaf of a commit's tree. */
export interface TreeEntry {
  readonly path: string;
  /** Octal, six digits: `100644`, `100755`, `120000` (symlink), `160000` (submodule). */
  readonly mode: string;
  readonly id: string;
}

/** A leaf that two trees do not have alike. */
export interface TreeDifference {
  readonly path: string;
  readonly before: Pick<TreeEntry, 'mode' | 'id'> | undefined;
  readonly after: Pick<TreeEntry, 'mode' | 'id'> | undefined;
}

/** What the rest of the product sees of a difference: submodules are left out. */
export function fileChanges(differences: readonly TreeDifference[]): FileChange[] {
  return differences
    .map(({ path, before, after }) => ({ path, before: blobId(before), after: blobId(after) }))
    .filter(({ before, after }) => before !== after);
}

function blobId(leaf: TreeDifference['before']): string | undefined {
  return leaf === undefined || leaf.mode === SUBMODULE ? undefined : leaf.id;
}

/** What became of files: a submodule counts as nothing. */
export function fileDifferences(differences: readonly TreeDifference[]): FileDifference[] {
  return differences.map(({ path, after }) => ({
    path,
    entry: after === undefined ? undefined : fileEntry({ path, ...after }),
  }));
}

/** What the rest of the product sees of a tree: submodules are left out. */
export function fileEntries(entries: readonly TreeEntry[]): FileEntry[] {
  return entries.flatMap((entry) => fileEntry(entry) ?? []);
}

function fileEntry({ path, mode, id }: TreeEntry): FileEntry | undefined {
  if (mode === SUBMODULE) return undefined;
  return { path, id, kind: mode === '120000' ? 'symlink' : 'file' };
}

/**
 * The mode that a file keeps when it is written.
 * @throws AppError `file/unreadable` when the commit holds no such regular file
 */
export function modeForWrite(path: string, entry: { readonly mode: string } | undefined): string {
  if (entry !== undefined && /^100(644|755|664)$/.test(entry.mode)) return entry.mode;
  throw new AppError('file/unreadable', 'this is not a file of the commit to change', {
    at: { path },
  });
}
