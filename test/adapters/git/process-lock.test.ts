import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFolderLocked, lockFolder } from '../../../src/adapters/git/process-lock.ts';
import { acquireStoreFolder } from '../../../src/adapters/git/store-folder.ts';
import { scratch, type Scratch } from '../../support/git/repo.ts';

let area: Scratch;
beforeEach(() => {
  area = scratch();
});
afterEach(() => area.remove());

describe('a folder lock', () => {
  it('lets in one at a time, also when many try at once', async () => {
    const locks = await Promise.all(Array.from({ length: 20 }, () => lockFolder(area.path)));
    const held = locks.filter((lock) => lock !== undefined);
    expect(held).toHaveLength(1);
    expect(await isFolderLocked(area.path)).toBe(true);
    await held[0]?.release();
    expect(readdirSync(area.path)).toEqual([]);
    expect(await lockFolder(area.path)).toBeDefined();
  });

  it.each([
    ['a process that is gone', '999999999 1\n'],
    ['a process whose number another one has now', `${process.pid} 1\n`],
    ['nobody', ''],
    ['rubbish', 'x y z'],
  ])('is taken over from %s, by one', async (_, content) => {
    writeFileSync(join(area.path, 'lock'), content);
    expect(await isFolderLocked(area.path)).toBe(false);
    const locks = await Promise.all(Array.from({ length: 20 }, () => lockFolder(area.path)));
    expect(locks.filter((lock) => lock !== undefined)).toHaveLength(1);
    expect(readdirSync(area.path)).toEqual(['lock']);
  });

  it('is respected while another process lives, and free after it was killed', async () => {
    const other = spawn('sleep', ['60']);
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(join(area.path, 'lock'), `${other.pid} ${start}\n`);
    expect(await lockFolder(area.path)).toBeUndefined();
    const ended = new Promise((resolve) => other.once('close', resolve));
    other.kill('SIGKILL');
    await ended;
    expect(await lockFolder(area.path)).toBeDefined();
  });

  it('recovers from a takeover that was killed half-way', async () => {
    writeFileSync(join(area.path, 'lock'), '999999999 1\n');
    mkdirSync(join(area.path, 'lock.takeover'));
    expect(await lockFolder(area.path)).toBeUndefined();
    utimesSync(join(area.path, 'lock.takeover'), 1, 1);
    await lockFolder(area.path);
    expect(await lockFolder(area.path)).toBeDefined();
  });
});

describe('a store folder', () => {
  it('is one per remote and engine, and private', async () => {
    const one = await acquireStoreFolder(area.path, 'native', 'https://a/r');
    await one.release();
    const again = await acquireStoreFolder(area.path, 'native', 'https://a/r');
    const other = await acquireStoreFolder(area.path, 'native', 'https://b/r');
    expect(again.path).toBe(one.path);
    expect(other.path).not.toBe(one.path);
    await Promise.all([again.release(), other.release()]);
  });

  it('is a temporary one while another holds it, removed on release', async () => {
    const one = await acquireStoreFolder(area.path, 'native', 'https://a/r');
    const two = await acquireStoreFolder(area.path, 'native', 'https://a/r');
    expect(two.path).not.toBe(one.path);
    await two.release();
    expect(readdirSync(area.path)).toHaveLength(1);
    await one.release();
  });

  it('removes temporary ones whose process was killed, and no fresh or live ones', async () => {
    const old = join(area.path, 'tmp-old');
    const fresh = join(area.path, 'tmp-fresh');
    mkdirSync(old);
    mkdirSync(fresh);
    writeFileSync(join(old, 'lock'), '999999999 1\n');
    utimesSync(old, 1, 1);
    const store = await acquireStoreFolder(area.path, 'native', 'https://a/r');
    expect(readdirSync(area.path)).not.toContain('tmp-old');
    expect(readdirSync(area.path)).toContain('tmp-fresh');
    await store.release();
  });

  it('says where it cannot be made', async () => {
    writeFileSync(join(area.path, 'file'), '');
    await expect(
      acquireStoreFolder(join(area.path, 'file'), 'native', 'https://a/r'),
    ).rejects.toMatchObject({ code: 'git/store' });
  });
});
