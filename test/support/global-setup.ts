import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE, ROOT } from './cli.ts';

/**
 * Builds the command once per test run, unless the built one is newer than everything it is made of. When the
 * build fails the old bundle goes too: tests that start the command then fail, the others still run.
 */
export default function setup(): void {
  if (isFresh()) return;
  const rolldown = join(ROOT, 'node_modules/rolldown/bin/cli.mjs');
  const build = spawnSync(process.execPath, [rolldown, '--config'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (build.status === 0) return;
  rmSync(BUNDLE, { force: true });
  process.stderr.write(`The command could not be built:\n${build.stdout}${build.stderr}\n`);
}

function isFresh(): boolean {
  const built = statSync(BUNDLE, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return false;
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return ['rolldown.config.ts', 'package.json', ...sources.map((name) => join('src', name))].every(
    (name) => statSync(join(ROOT, name)).mtimeMs < built,
  );
}
