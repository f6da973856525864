import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILD_SCRIPT = fileURLToPath(new URL('../../tools/build.mjs', import.meta.url));

/** Path of the Gitea program, or undefined when this machine has none. */
export function findGitea(): string | undefined {
  const { status, stdout } = spawnSync(process.execPath, [BUILD_SCRIPT, '--find', 'gitea'], {
    encoding: 'utf8',
  });
  return status === 0 ? /^gitea (.+)$/m.exec(stdout)?.[1] : undefined;
}

/**
 * For `describe.skipIf`: true, with one line saying what to do, when there is no forge to start.
 * @throws Error instead when `CI=true`: there, a skipped test would go unnoticed
 */
export function skipWithoutGitea(): boolean {
  if (findGitea() !== undefined) return false;
  const line = 'Gitea is missing: run `npm run testbin` (needs Go and a C compiler)';
  if (process.env['CI'] === 'true') throw new Error(`forge tests cannot run: ${line}`);
  console.warn(`forge tests skipped: ${line}`);
  return true;
}
