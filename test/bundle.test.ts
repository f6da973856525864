import { spawnSync, type StdioOptions } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { BUNDLE, ROOT, runCli } from './support/cli.ts';
import { createRemote } from './support/git/repo.ts';
import { hasTool } from './support/git/tools.ts';
import { startLoopback } from './support/registry/loopback.ts';

describe('the built command', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'lockkeeper-bundle-'));
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  it('is the file that package.json names', () => {
    expect(join(ROOT, manifest.bin.lockkeeper)).toBe(BUNDLE);
  });

  it.skipIf(!existsSync('/dev/full'))('fails when its output cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const stdio: StdioOptions = ['ignore', full, 'pipe'];
    const { status, stderr } = spawnSync(process.execPath, [BUNDLE, 'crds'], { stdio });
    closeSync(full);
    expect(status).toBe(1);
    expect(String(stderr)).toMatch(/^error: cannot write the output: .*ENOSPC.*\n$/);
  });

  it('says its version', async () => {
    const result = await runCli(['--version']);
    expect(result).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('runs by itself, without node_modules', () => {
    const copy = join(scratch, 'elsewhere');
    cpSync(dirname(BUNDLE), copy, { recursive: true });
    const file = join(copy, basename(BUNDLE));
    accessSync(file, constants.X_OK);
    const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${manifest.version}\n` });
  });

  const heavy = /^(undici|isomorphic|prom-client|pino|create-verifier|public-root|aws|azure|gcp)-/;

  it.each([
    ['--version'],
    ['crds'],
    ['select', '--tags-from', 'package.json', '--alphabetical', 'asc'],
    ['validate', 'crds'],
    ['update', 'crds', '--dry-run'],
  ])('loads no client of the outside world for `lockkeeper %s`', async (...command) => {
    const chunks = readdirSync(join(dirname(BUNDLE), 'chunks'));
    expect(chunks.filter((name) => heavy.test(name)).length).toBeGreaterThanOrEqual(7);
    expect((await loadedChunks(command)).filter((name) => heavy.test(name))).toEqual([]);
  });

  it.skipIf(!hasTool('git'))('loads no HTTP client where the git program is enough', async () => {
    const remote = createRemote(join(scratch, 'config.git'));
    remote.commit({ 'a.yaml': 'a: b\n' });
    const cache = { LOCKKEEPER_CACHE_DIR: join(scratch, 'cache') };
    const chunks = await loadedChunks(['locks', '--repo', remote.path], cache);
    expect(chunks.filter((name) => name.startsWith('open-branch-'))).toHaveLength(1);
    expect(chunks.filter((name) => heavy.test(name))).toEqual([]);
  });

  it('loads no SDK of a cloud where no policy has one for its provider', async () => {
    const registry = await startLoopback(() => ({ body: { tags: ['1.0.0'] } }));
    const image = ['--image', `${registry.host}/team/app`, '--insecure', '--semver', '*'];
    const chunks = await loadedChunks(['select', ...image]);
    await registry.close();
    expect(registry.requests.length).toBeGreaterThan(0);
    expect(chunks.filter((name) => name.startsWith('undici-'))).toHaveLength(1);
    expect(chunks.filter((name) => /^(aws|azure|gcp|create-cloud)-/.test(name))).toEqual([]);
  });

  /** Node's own coverage report names every script that a process loaded. */
  async function loadedChunks(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    const reports = mkdtempSync(join(scratch, 'coverage-'));
    await runCli(args, { cwd: ROOT, env: { ...env, NODE_V8_COVERAGE: reports } });
    const [report = ''] = readdirSync(reports);
    const { result } = JSON.parse(readFileSync(join(reports, report), 'utf8')) as {
      result: readonly { readonly url: string }[];
    };
    const names = result.map(({ url }) => basename(url));
    expect(names).toContain(basename(BUNDLE));
    return names;
  }

  it('carries the licence of everything inside it', () => {
    const notices = readFileSync(join(dirname(BUNDLE), 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of Object.keys(manifest.dependencies))
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)\n=+\n.*\\S`, 'm'));
  });
});
