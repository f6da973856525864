import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { FileEntry } from '../../ports/files.ts';
import { isDraft } from './atomic-writer.ts';

/**
 * All files and symbolic links below a folder, in the byte order of their paths. Links are entries
 * and never followed, so nothing outside the folder is seen.
 * @param intoRepos also look into nested repos; inside a work tree they are another repo's files
 */
export async function listFolder(
  root: string,
  { intoRepos, signal }: { readonly intoRepos: boolean; readonly signal: AbortSignal },
): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (signal.aborted) throw new AppError('cancelled', 'cancelled');
    const children = await readFolder(root, folder);
    const isRepo = children.some(({ name }) => name === '.git');
    if (isRepo && folder !== '' && !intoRepos) continue;
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const child of children.filter(({ name }) => name !== '.git' && !isDraft(name))) {
      const path = prefix + child.name;
      if (child.isDirectory()) pending.push(path);
      else if (child.isSymbolicLink()) entries.push({ path, kind: 'symlink' });
      else if (child.isFile()) entries.push({ path, kind: 'file' });
    }
  }
  return inByteOrder(entries);
}

/**
 * Content of a file, or a link's target.
 * @returns undefined when it is larger than `maxBytes`
 * @throws AppError `file/unreadable`
 */
export async function readEntry(
  root: string,
  { path, kind }: FileEntry,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    if (kind === 'symlink') {
      const target = await readlink(join(root, path), 'buffer');
      return target.length > maxBytes ? undefined : target;
    }
    return readRegular(join(root, path), maxBytes);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'it is not a regular file';
    throw new AppError('file/unreadable', `the path cannot be read (${reason})`, {
      cause,
      at: { path },
    });
  }
}

/**
 * Reads without giving up the turn: a small file takes microseconds, and each of the four calls would
 * take ten times that by way of the thread pool.
 */
function readRegular(path: string, maxBytes: number): Uint8Array | undefined {
  // A file that became a link or a pipe since it was listed is neither followed nor waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = openSync(path, flags);
  try {
    const info = fstatSync(file);
    if (!info.isFile()) throw new Error('not a regular file');
    return info.size > maxBytes ? undefined : readFileSync(file);
  } finally {
    closeSync(file);
  }
}

async function readFolder(root: string, folder: string) {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (cause) {
    if (folder !== '' && !(await stillThere(join(root, folder)))) return [];
    const reason = (cause as NodeJS.ErrnoException).code ?? '';
    throw new AppError('file/unreadable', `folder ${folder || root} cannot be read (${reason})`, {
      cause,
    });
  }
}

async function stillThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The order that Git lists paths in; plain string comparison differs for some scripts. */
function inByteOrder(entries: readonly FileEntry[]): FileEntry[] {
  return entries
    .map((entry) => ({ entry, key: Buffer.from(entry.path) }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
}
