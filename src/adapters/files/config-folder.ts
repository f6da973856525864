import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { FileEntry, FileSource } from '../../ports/files.ts';

/** Deepest folder looked into: links may make circles. */
const MAX_DEPTH = 16;

/**
 * A folder (or one file) of configuration that the operator named. Unlike a repo's, its links are
 * followed: Kubernetes mounts a ConfigMap as links. Names with a leading dot are passed over.
 * Paths in it start with the folder's own name, so that messages tell where a file is.
 * @throws AppError `usage` when there is nothing at the path
 */
export async function openConfigFolder(path: string): Promise<FileSource> {
  const isFolder = (await statOrFail(path)).isDirectory();
  const root = isFolder ? path : dirname(path);
  const place = (entry: FileEntry) => (isFolder ? join(root, relativeTo(path, entry.path)) : path);
  return {
    async list() {
      const names = isFolder ? await walk(path, 0) : [basename(path)];
      const prefix = isFolder ? `${path.replace(/\/+$/, '')}/` : '';
      return names
        .map((name): FileEntry => ({ path: isFolder ? prefix + name : path, kind: 'file' }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1));
    },
    async *read(entries, maxBytes) {
      for (const entry of entries) {
        const { size } = await statOrFail(place(entry));
        const bytes = size > maxBytes ? undefined : await readFile(place(entry));
        yield { entry, bytes };
      }
    },
  };
}

function relativeTo(folder: string, path: string): string {
  return path.slice(folder.replace(/\/+$/, '').length + 1);
}

async function walk(folder: string, depth: number): Promise<readonly string[]> {
  if (depth > MAX_DEPTH) return [];
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  const nested = names.map(async (name) => {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile() === true) return [name];
    if (info?.isDirectory() !== true) return [];
    return (await walk(join(folder, name), depth + 1)).map((below) => `${name}/${below}`);
  });
  return (await Promise.all(nested)).flat();
}

async function statOrFail(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw new AppError('usage', `cannot read ${path}: no such file or folder`, { cause });
  }
}
