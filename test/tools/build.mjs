#!/usr/bin/env node
/**
 * Builds the servers that tests run against from their Go modules, once per user and version.
 *
 *   node test/tools/build.mjs          build what is missing, print where each binary is
 *   node test/tools/build.mjs --find   build nothing; exit 1 when a binary is missing
 *
 * Binaries are kept in `$XDG_CACHE_HOME/lockkeeper-test/<stamp>/`. The stamp covers all that decides
 * the result, so an old binary is never taken for a new one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const TOOLS = [{ name: 'registry', package: 'github.com/distribution/distribution/v3/cmd/registry' }];

function goVersion() {
  try {
    return execFileSync('go', ['version'], { cwd: FOLDER, encoding: 'utf8' }).trim();
  } catch {
    console.error('test tools: `go` is not on the PATH, so they cannot be built; https://go.dev/dl has it');
    process.exit(1);
  }
}

function cacheFolder() {
  const stamp = createHash('sha256').update(goVersion());
  for (const file of ['go.mod', 'go.sum', 'build.mjs']) stamp.update(readFileSync(join(FOLDER, file)));
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'lockkeeper-test', stamp.digest('hex').slice(0, 16));
}

/** Builds beside the target and renames, so that nobody ever runs half a binary. */
function build(tool, target) {
  const part = `${target}.${process.pid}.part`;
  const started = Date.now();
  console.error(`test tools: building ${tool.name} (a minute or two the first time)`);
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', part, tool.package];
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const { status } = spawnSync('go', args, { cwd: FOLDER, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    rmSync(part, { force: true });
    console.error(`test tools: building ${tool.name} failed`);
    process.exit(1);
  }
  renameSync(part, target);
  console.error(`test tools: built ${tool.name} in ${Math.round((Date.now() - started) / 1000)} s`);
}

const findOnly = process.argv.includes('--find');
const folder = cacheFolder();
for (const tool of TOOLS) {
  const target = join(folder, tool.name);
  if (!existsSync(target)) {
    if (findOnly) process.exit(1);
    mkdirSync(folder, { recursive: true });
    build(tool, target);
  }
  console.log(`${tool.name} ${target}`);
}
