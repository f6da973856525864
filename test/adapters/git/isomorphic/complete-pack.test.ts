import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completePack } from '../../../../src/adapters/git/isomorphic/complete-pack.ts';
import type { GitObject } from '../../../../src/adapters/git/isomorphic/git-object.ts';
import { git, GIT_TEST_ENV, scratch, type Scratch } from '../../../support/git/repo.ts';

let area: Scratch;
let repo: string;

beforeEach(() => {
  area = scratch();
  repo = join(area.path, 'repo');
  mkdirSync(repo);
  git(repo, ['init', '--quiet', '--initial-branch=main']);
});
afterEach(() => area.remove());

/** A large file that differs from the one before it in one line, so that Git makes deltas. */
function commitVersion(version: string): string {
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index} of the manifest`);
  writeFileSync(join(repo, 'app.yaml'), [...lines, `image: app:${version}`, ''].join('\n'));
  git(repo, ['add', '.']);
  git(repo, ['commit', '--quiet', '-m', version]);
  return git(repo, ['rev-parse', 'HEAD']);
}

/** What a server sends to whom has `known`. */
function thinPack(wanted: string, known: string): Buffer {
  const args = ['pack-objects', '--thin', '--delta-base-offset', '--stdout', '--revs', '--quiet'];
  return execFileSync('git', args, {
    cwd: repo,
    env: GIT_TEST_ENV,
    input: `${wanted}\n^${known}\n`,
  });
}

/** Objects that are here, read by the program itself. */
async function find(id: string): Promise<GitObject> {
  const type = git(repo, ['cat-file', '-t', id]) as GitObject['type'];
  const bytes = execFileSync('git', ['cat-file', type, id], { cwd: repo, env: GIT_TEST_ENV });
  return { type, bytes };
}

/** Whether Git can make sense of a pack in a repo that has nothing else. */
function standsAlone(pack: Buffer): boolean {
  const empty = join(area.path, `empty-${Math.random()}`);
  mkdirSync(empty);
  git(empty, ['init', '--quiet']);
  writeFileSync(join(empty, 'sent.pack'), pack);
  try {
    git(empty, ['index-pack', 'sent.pack']);
    git(empty, ['verify-pack', 'sent.pack']);
    return true;
  } catch {
    return false;
  }
}

describe('completePack', () => {
  it('puts in what a thin pack leaves out, so that it can be read without any other', async () => {
    const first = commitVersion('1.0.0');
    const second = commitVersion('1.1.0');
    const thin = thinPack(second, first);
    expect(standsAlone(thin)).toBe(false);
    const whole = await completePack(thin, find);
    expect(standsAlone(whole)).toBe(true);
  });

  it('breaks the circle of two packs that hold an object as a delta of each other’s', async () => {
    const first = commitVersion('1.0.0');
    const second = commitVersion('1.1.0');
    const packs = [thinPack(second, first), thinPack(first, second)];
    git(repo, ['checkout', '--quiet', '--orphan', 'other']);
    const back = commitVersion('1.0.0 again');
    packs.push(thinPack(back, second), thinPack(second, back));
    for (const pack of packs.filter((one) => one.length > 32)) {
      expect(standsAlone(await completePack(pack, find))).toBe(true);
    }
  });

  it('leaves a pack alone that is whole', async () => {
    const only = commitVersion('1.0.0');
    const pack = thinPack(only, git(repo, ['hash-object', '-t', 'tree', '-w', '/dev/null']));
    expect(await completePack(pack, find)).toBe(pack);
  });

  it('refuses a pack that is damaged', async () => {
    const first = commitVersion('1.0.0');
    const pack = thinPack(commitVersion('1.1.0'), first);
    pack.writeUInt8(pack.readUInt8(20) ^ 255, 20);
    await expect(completePack(pack, find)).rejects.toThrow('damaged');
  });
});
