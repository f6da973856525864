import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { storeFailure } from './failures.ts';
import { runGit } from './git-process.ts';

const INIT_TIMEOUT_MS = 60_000;

/**
 * Makes a bare repo in the place of whatever is there: whole or not at all, whenever this process is killed.
 * @param env for `git` with no remote in play
 * @throws AppError `git/store`
 */
export async function createBareRepo(
  gitDir: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  await rm(gitDir, { recursive: true, force: true, maxRetries: 3 });
  const draft = `${gitDir}.new`;
  await rm(draft, { recursive: true, force: true });
  const args = ['init', '--quiet', '--bare', '--template=', draft];
  const made = await runGit({ args, env, signal, timeoutMs: INIT_TIMEOUT_MS });
  if (made.code !== 0) throw storeFailure('start', made.stderr);
  await rename(draft, gitDir);
}

/**
 * Removes lock and temporary files of a `git` that was killed; nobody else works in this repo.
 * @returns is there a repo?
 */
export async function resumeBareRepo(gitDir: string): Promise<boolean> {
  if (!(await isThere(join(gitDir, 'HEAD')))) return false;
  for (const entry of await readdir(gitDir, { recursive: true, withFileTypes: true })) {
    const isLeftover = /\.lock$|^tmp_|^\.tmp-|\.keep$|^fast_import_crash_/.test(entry.name);
    if (!isLeftover) continue;
    await rm(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
  return true;
}

/** Is there a file or folder of this path? */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
