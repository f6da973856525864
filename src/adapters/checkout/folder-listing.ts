import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Dirent } from 'node:fs';
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
  const pending: Folder[] = [{ path: '', place: root }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    if (signal.aborted) throw new AppError('cancelled', 'cancelled');
    const children = await readFolder(folder);
    const isRepo = children.some(({ name }) => name === '.git');
    if (isRepo && folder.path !== '' && !intoRepos) continue;
    const prefix = folder.path === '' ? '' : `${folder.path}/`;
    for (const { name, place, kind } of children) {
      if (name === '.git' || isDraft(name)) continue;
      const path = prefix + name;
      if (kind === 'folder') pending.push({ path, place });
      else entries.push({ path, kind: typeof place === 'string' ? kind : 'unnamed' });
    }
  }
  return inByteOrder(entries);
}

/** A folder by its path below the root, and where it is: in bytes where a name on the way is no UTF-8. */
interface Folder {
  readonly path: string;
  readonly place: string | Buffer;
}

/** What is in a folder. */
interface Child {
  readonly name: string;
  readonly place: string | Buffer;
  readonly kind: 'folder' | 'file' | 'symlink';
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

async function readFolder({ path, place }: Folder): Promise<readonly Child[]> {
  try {
    return await childrenOf(place);
  } catch (cause) {
    if (path !== '' && !(await stillThere(place))) return [];
    const reason = (cause as NodeJS.ErrnoException).code ?? '';
    const what = `folder ${path === '' ? String(place) : path}`;
    throw new AppError('file/unreadable', `${what} cannot be read (${reason})`, { cause });
  }
}

async function childrenOf(place: string | Buffer): Promise<readonly Child[]> {
  if (typeof place === 'string') {
    const children = await readdir(place, { withFileTypes: true });
    // What stands for bytes that are no UTF-8; a name may also really have it.
    if (!children.some(({ name }) => name.includes('\uFFFD'))) {
      return children.flatMap((child) => childAt(child, child.name, `${place}/${child.name}`));
    }
  }
  const children = await readdir(place, { withFileTypes: true, encoding: 'buffer' });
  return children.flatMap((child) => {
    const name = child.name.toString('utf8');
    const isText = typeof place === 'string' && isUtf8(child.name);
    const bytes = Buffer.concat([Buffer.from(place), Buffer.from('/'), child.name]);
    return childAt(child, name, isText ? `${place}/${name}` : bytes);
  });
}

/** None for what is neither a file nor a folder nor a link. */
function childAt(
  child: Pick<Dirent, 'isDirectory' | 'isSymbolicLink' | 'isFile'>,
  name: string,
  place: string | Buffer,
): readonly Child[] {
  if (child.isDirectory()) return [{ name, place, kind: 'folder' }];
  if (child.isSymbolicLink()) return [{ name, place, kind: 'symlink' }];
  return child.isFile() ? [{ name, place, kind: 'file' }] : [];
}

async function stillThere(place: string | Buffer): Promise<boolean> {
  return stat(place).then(
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
