import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** The Git work tree that a folder is in. */
export interface WorkTree {
  /** Top folder of the work tree. */
  readonly top: string;
  /** Its Git folder; that of a linked work tree or submodule is elsewhere. */
  readonly gitDir: string;
  /** The folder below `top`, with a `/` at its end, or nothing. */
  readonly prefix: string;
}

/** Looks for `.git` from a folder upwards (gitrepository-layout). */
export async function findWorkTree(root: string): Promise<WorkTree | undefined> {
  for (let top = root; ; top = dirname(top)) {
    const gitDir = await readGitLink(join(top, '.git'));
    if (gitDir !== undefined) {
      const below = relative(top, root).split(sep).join('/');
      return { top, gitDir, prefix: below === '' ? '' : `${below}/` };
    }
    if (dirname(top) === top) return undefined;
  }
}

/** A `.git` is the Git folder itself, or a file that says where it is. */
async function readGitLink(path: string): Promise<string | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return undefined;
  if (info.isDirectory()) return isGitDir(path);
  const target = /^gitdir: (.+)\n?$/.exec(await readFile(path, 'utf8').catch(() => ''))?.[1];
  return target === undefined ? undefined : isGitDir(resolve(dirname(path), target));
}

async function isGitDir(path: string): Promise<string | undefined> {
  const head = await stat(join(path, 'HEAD')).catch(() => undefined);
  return head === undefined ? undefined : path;
}
