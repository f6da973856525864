import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitBranch } from '../../../src/ports/ports.ts';
import { git } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import { collect, commitAndPush, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const FOLDERS = 40;

async function walk(branch: GitBranch, from: string, maxCommits = 1000): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of branch.log(from, maxCommits, NEVER)) ids.push(id);
  return ids;
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'history without trees, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await startFixture(engine);
      fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
    });
    afterEach(() => fixture.close());

    const received = () => fixture.server.log.reduce((sum, { sent }) => sum + sent, 0);
    const storeFolder = () => join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '');
    const historyFolder = () => join(storeFolder(), 'history');

    /** Commits that each write a large file anew, in a repo of many folders. */
    function fill(count: number): void {
      const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
      const parts: string[] = [];
      for (let i = 0; i < count; i += 1) {
        const noise = Array.from({ length: 200 }, (_, k) => Math.sin(i * 200 + k)).join('\n');
        parts.push(
          `commit refs/heads/main\ncommitter Human <human@example.com> ${1_700_000_000 + i} +0000\n`,
          data(`change ${i}`),
          `M 100644 inline large.yaml\n${data(noise)}`,
          `M 100644 inline apps/${i % FOLDERS}/a.yaml\n${data(`n: ${i}`)}`,
        );
      }
      git(fixture.remote.path, ['fast-import', '--quiet', '--date-format=raw'], parts.join(''));
    }

    it('costs what commits weigh, whatever they did to files', async () => {
      fill(150);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      await branch.files(head).list(NEVER);
      fixture.server.log.length = 0;
      expect(await walk(branch, head)).toEqual(fixture.remote.git('rev-list', 'main').split('\n'));
      expect(received()).toBeLessThan(150 * 160);
      expect(existsSync(historyFolder())).toBe(true);
    });

    it('fetches which files a commit changed when that is asked for, with all that came after it', async () => {
      fill(60);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const ids = await walk(branch, head);
      fixture.server.log.length = 0;
      const change = { before: ids[11] ?? '', after: ids[10] ?? '' };
      const changes = await branch.changes(change, NEVER);
      expect(changes.map(({ path }) => path)).toEqual(['apps/9/a.yaml', 'large.yaml']);
      const asked = fixture.server.log.length;
      expect(asked).toBeGreaterThan(0);
      for (let at = 0; at < 10; at += 1) {
        const pair = { before: ids[at + 1] ?? '', after: ids[at] ?? '' };
        expect(await branch.changes(pair, NEVER)).toHaveLength(2);
      }
      const old = changes.map(({ path, before = '' }) => ({
        path,
        id: before,
        kind: 'file' as const,
      }));
      const read = await collect(branch.files(change.before).read(old, 1 << 20, NEVER));
      expect(Buffer.from(read[0]?.bytes ?? []).toString()).toBe('n: 9');
      // What files were is asked for when they are read, in one fetch.
      expect(fixture.server.log).toHaveLength(asked + (engine === 'native' ? 2 : 1));
    });

    it('fetches few times what one commit after another changed', async () => {
      fill(60);
      const branch = await fixture.open();
      const ids = await walk(branch, await branch.head(NEVER), 40);
      const ofCommit = (at: number) =>
        branch.changes({ before: ids[at + 1] ?? '', after: ids[at] ?? '' }, NEVER);
      await ofCommit(0);
      const before = fixture.server.log.length;
      await ofCommit(1);
      const ofOne = fixture.server.log.length - before;
      for (let at = 2; at < 39; at += 1) expect(await ofCommit(at)).toHaveLength(2);
      // 4, 8, 16, 32 and 41 deep.
      expect(fixture.server.log.length - before).toBe(5 * ofOne);
    });

    it('is never taken for the trees that it lacks', async () => {
      fill(30);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const ids = await walk(branch, head);
      await branch.close();
      const again = await fixture.open();
      expect((await readAll(again.files(ids[20] ?? '')))['apps/9/a.yaml']).toBe('n: 9');
      fixture.remote.git('update-ref', 'refs/heads/main', ids[15] ?? '');
      expect((await readAll(again.files(await again.head(NEVER))))['apps/14/a.yaml']).toBe('n: 14');
      expect((await commitAndPush(again, { 'large.yaml': 'small\n' })).result.kind).toBe('pushed');
      fixture.remote.fsck();
    });

    it('brings back what a person took back to long ago', async () => {
      fill(50);
      const branch = await fixture.open();
      const ids = await walk(branch, await branch.head(NEVER));
      fixture.remote.git('update-ref', 'refs/heads/old', ids[30] ?? '');
      const large = fixture.remote.read('large.yaml', 'old');
      fixture.remote.commit({ 'large.yaml': large });
      expect((await readAll(branch.files(await branch.head(NEVER))))['large.yaml']).toBe(large);
    });

    it('comes with everything from a server that forbids leaving out trees', async () => {
      fixture.remote.git('config', 'uploadpackfilter.tree.allow', 'false');
      fill(80);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const ids = await walk(branch, head);
      expect(ids).toEqual(fixture.remote.git('rev-list', 'main').split('\n'));
      fixture.server.log.length = 0;
      const change = { before: ids[71] ?? '', after: ids[70] ?? '' };
      expect(await branch.changes(change, NEVER)).toHaveLength(2);
      expect(fixture.server.log).toEqual([]);
    });

    it('is fetched anew when it is damaged', async () => {
      fill(40);
      const first = await fixture.open();
      const ids = await walk(first, await first.head(NEVER));
      await first.close();
      const packs = join(historyFolder(), 'objects', 'pack');
      for (const name of readdirSync(packs)) {
        chmodSync(join(packs, name), 0o644);
        if (name.endsWith('.pack')) truncateSync(join(packs, name), 100);
      }
      const second = await fixture.open();
      expect(await walk(second, await second.head(NEVER))).toEqual(ids);
    });

    it('is built upon by a branch that went far on in between', async () => {
      fill(300);
      const ids = fixture.remote.git('rev-list', 'main').split('\n');
      const branch = await fixture.open();
      fixture.remote.git('update-ref', 'refs/heads/main', ids[100] ?? '');
      await walk(branch, await branch.head(NEVER));
      fixture.remote.git('update-ref', 'refs/heads/main', ids[0] ?? '');
      const head = await branch.head(NEVER);
      await branch.files(head).list(NEVER);
      fixture.server.log.length = 0;
      expect(await walk(branch, head)).toEqual(ids);
      expect(received()).toBeLessThan(100 * 170);
    });

    it('is begun anew when its packs are too many, and misses nothing', async () => {
      fill(20);
      const first = await fixture.open();
      await walk(first, await first.head(NEVER));
      await first.close();
      const packs = join(historyFolder(), 'objects', 'pack');
      for (const name of readdirSync(packs)) {
        for (let copy = 0; copy < 51; copy += 1) {
          const id = copy.toString(16).padStart(40, '0');
          copyFileSync(join(packs, name), join(packs, name.replace(/[0-9a-f]{40}/, id)));
        }
      }
      // Two at once, so that the first of them is known from history only.
      for (const text of ['a', 'b']) fixture.remote.commit({ 'large.yaml': text });
      const second = await fixture.open();
      expect(await walk(second, await second.head(NEVER))).toHaveLength(22);
      expect(readdirSync(packs).length).toBeLessThan(10);
    });
  },
);

describe.skipIf(!canRun)('history without trees, by native Git', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await startFixture('native');
    fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
  });
  afterEach(() => fixture.close());

  it.each(['over HTTP', 'from a local path'])(
    'is in a repo that knows no remote (%s)',
    async (way) => {
      for (const n of [1, 2, 3]) fixture.remote.commit({ 'a.yaml': `${n}\n` });
      const url = way === 'over HTTP' ? fixture.server.url('config.git') : fixture.remote.path;
      const branch = await fixture.open({ url });
      expect(await walk(branch, await branch.head(NEVER))).toHaveLength(3);
      const folder = join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '');
      expect(readFileSync(join(folder, 'history', 'config'), 'utf8')).not.toMatch(
        /remote|promisor/i,
      );
      expect(readFileSync(join(folder, 'repo', 'config'), 'utf8')).not.toMatch(/remote|promisor/i);
      // Only the trace of what the server can do was ever there.
      expect(readdirSync(join(folder, 'secrets'))).toEqual([]);
    },
  );
});
