import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git } from '../../../support/git/repo.ts';
import { hasTool } from '../../../support/git/tools.ts';
import { commitAndPush, NEVER, readAll, startFixture, type Fixture } from '../fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const COPIES = 51;

describe.skipIf(!canRun)('a store of the embedded engine with many packs', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture('isomorphic');
  });
  afterEach(() => fixture.close());

  const received = () => fixture.server.log.reduce((sum, { sent }) => sum + sent, 0);
  const repo = () => join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '', 'repo');
  const packs = () => join(repo(), 'objects', 'pack');
  const countPacks = () => readdirSync(packs()).filter((name) => name.endsWith('.idx')).length;

  /** One run: reads all, changes what is given. @returns what it read */
  async function run(files: Record<string, string> = {}) {
    const branch = await fixture.open();
    const all = await readAll(branch.files(await branch.head(NEVER)));
    if (Object.keys(files).length > 0) await commitAndPush(branch, files);
    await branch.close();
    return all;
  }

  /** Copies packs that are not `first` until there are more than a store has. */
  function copyPacks(first: ReadonlySet<string>): void {
    for (const name of readdirSync(packs()).filter((file) => !first.has(file))) {
      for (let copy = 0; copy < COPIES; copy += 1) {
        const id = copy.toString(16).padStart(40, '0');
        copyFileSync(join(packs(), name), join(packs(), name.replace(/[0-9a-f]{40}/, id)));
      }
    }
  }

  it('is tidied without fetching again what is there', async () => {
    const big = Array.from({ length: 8000 }, (_, i) => Math.sin(i)).join('\n');
    fixture.remote.commit({ 'big.yaml': big, 'a.yaml': '1\n', 'd/b.yaml': '1\n' });
    await run();
    const first = new Set(readdirSync(packs()));
    fixture.remote.commit({ 'a.yaml': '2\n' });
    await run({ 'd/b.yaml': 'ours\n' });
    copyPacks(first);
    expect(countPacks()).toBeGreaterThan(COPIES);
    fixture.remote.commit({ 'a.yaml': '3\n' });
    fixture.server.log.length = 0;
    expect(await run()).toEqual({ 'big.yaml': big, 'a.yaml': '3\n', 'd/b.yaml': 'ours\n' });
    expect(received()).toBeLessThan(3_000);
    // The first, the merged one, and what was fetched just now.
    expect(countPacks()).toBe(3);
    git(repo(), ['fsck', '--full', '--connectivity-only', fixture.remote.head()]);
    fixture.remote.commit({ 'a.yaml': '4\n' });
    expect(await run({ 'a.yaml': '5\n' })).toMatchObject({ 'a.yaml': '4\n' });
    fixture.remote.fsck();
  });

  it('goes on where it was killed amid tidying', async () => {
    fixture.remote.commit({ 'a.yaml': '1\n' });
    await run();
    const [index = ''] = readdirSync(packs()).filter((name) => name.endsWith('.idx'));
    const half = `pack-${'0'.repeat(40)}.pack`;
    copyFileSync(join(packs(), index.replace('.idx', '.pack')), join(packs(), half));
    fixture.server.log.length = 0;
    expect(await run()).toEqual({ 'a.yaml': '1\n' });
    expect(received()).toBeLessThan(600);
    expect(readdirSync(packs())).not.toContain(half);
  });

  it('starts afresh when most of it is old', async () => {
    fixture.remote.commit({ 'a.yaml': '1\n' });
    await run();
    copyPacks(new Set());
    fixture.remote.commit({ 'a.yaml': '2\n' });
    expect(await run()).toEqual({ 'a.yaml': '2\n' });
    expect(countPacks()).toBe(1);
  });
});
