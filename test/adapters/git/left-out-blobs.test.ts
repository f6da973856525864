import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileEntry } from '../../../src/ports/files.ts';
import type { GitBranch } from '../../../src/ports/ports.ts';
import { hasTool } from '../../support/git/tools.ts';
import { collect, commitAndPush, commitOn, NEVER, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

/** Reads the manifests of a commit, as passes do. */
async function manifests(branch: GitBranch, commit: string): Promise<Record<string, string>> {
  const source = branch.files(commit);
  const wanted = (await source.list(NEVER)).filter(({ path }) => path.endsWith('.yaml'));
  return textsOf(branch, commit, wanted);
}

async function textsOf(
  branch: GitBranch,
  commit: string,
  entries: readonly FileEntry[],
): Promise<Record<string, string>> {
  const contents = await collect(branch.files(commit).read(entries, 1 << 20, NEVER));
  return Object.fromEntries(
    contents.map(({ entry, bytes }) => [entry.path, Buffer.from(bytes ?? []).toString()]),
  );
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a repo of which little is read, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await startFixture(engine);
      fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
    });
    afterEach(() => fixture.close());

    const traffic = () => fixture.server.log.reduce((sum, { sent }) => sum + sent, 0);
    const repoFolder = (name: string) =>
      join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '', name);
    const packs = (name: string) => join(repoFolder(name), 'objects', 'pack');

    const DEPLOY = { 'deploy/a.yaml': 'image: a:1\n', 'deploy/b.yaml': 'image: b:1\n' };
    const code = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`src/${i % 5}/f${i}.ts`, noise(3_000)]),
      );
    const noise = (bytes: number) => randomBytes(bytes).toString('base64');

    /** A repo of code and a large asset, with a few manifests. */
    function fill(assetBytes = 200_000): void {
      fixture.remote.commit({ ...DEPLOY, ...code(60), 'logo.png': randomBytes(assetBytes) });
    }

    it('is not downloaded: the trees come, and of the files those that are read', async () => {
      fill(2_000_000);
      const branch = await fixture.open();
      expect(await manifests(branch, await branch.head(NEVER))).toEqual(DEPLOY);
      expect(traffic()).toBeLessThan(20_000);
      // A listing, the trees, the files: native Git asks what the server can each time.
      expect(fixture.server.log).toHaveLength(engine === 'native' ? 6 : 4);
    });

    it('costs what changed of that, and nothing where something else did', async () => {
      fill();
      const branch = await fixture.open();
      await manifests(branch, await branch.head(NEVER));
      fixture.remote.commit({ ...code(10), 'logo.png': randomBytes(200_000) });
      fixture.server.log.length = 0;
      expect(await manifests(branch, await branch.head(NEVER))).toEqual(DEPLOY);
      expect(traffic()).toBeLessThan(5_000);
      fixture.remote.commit({ 'deploy/a.yaml': 'image: a:2\n' });
      fixture.server.log.length = 0;
      const changed = { ...DEPLOY, 'deploy/a.yaml': 'image: a:2\n' };
      expect(await manifests(branch, await branch.head(NEVER))).toEqual(changed);
      expect(traffic()).toBeLessThan(4_000);
      fixture.server.log.length = 0;
      expect(await manifests(branch, await branch.head(NEVER))).toEqual(changed);
      expect(fixture.server.log.length).toBeLessThanOrEqual(2);
    });

    it('is pushed to without what is not there, whoever comes in between', async () => {
      fill();
      const branch = await fixture.open();
      for (const round of [2, 3, 4]) {
        const head = await branch.head(NEVER);
        await manifests(branch, head);
        const late = await commitOn(branch, head, { 'deploy/a.yaml': `image: a:${round}\n` });
        fixture.remote.commit({ ...code(3), 'deploy/b.yaml': `image: b:${round}\n` });
        expect((await branch.push({ commit: late, parent: head }, NEVER)).kind).toBe('rejected');
        const { result } = await commitAndPush(branch, { 'deploy/a.yaml': `image: a:${round}\n` });
        expect(result.kind).toBe('pushed');
      }
      fixture.remote.fsck();
      expect(fixture.remote.read('deploy/a.yaml')).toBe('image: a:4\n');
      expect(fixture.remote.git('diff', '--stat', 'main^', 'main')).toContain(' 1 file changed');
    });

    it('is known to the next process', async () => {
      fill();
      const first = await fixture.open();
      await manifests(first, await first.head(NEVER));
      await first.close();
      const second = await fixture.open();
      const head = await second.head(NEVER);
      fixture.server.log.length = 0;
      expect(await manifests(second, head)).toEqual(DEPLOY);
      expect(fixture.server.log).toEqual([]);
      expect(readdirSync(packs('repo'))).toEqual([]);
    });

    it('tells what commits did, and what files were before', async () => {
      fill();
      for (const n of [2, 3, 4]) {
        fixture.remote.commit({ 'deploy/a.yaml': `image: a:${n}\n`, ...code(4) });
      }
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      await manifests(branch, head);
      const told = await all(branch.log(head, 10, NEVER));
      expect(told).toHaveLength(4);
      fixture.server.log.length = 0;
      const change = { before: told[2]?.id ?? '', after: told[1]?.id ?? '' };
      const changes = await branch.changes(change, NEVER);
      expect(changes.map(({ path }) => path)).toContain('deploy/a.yaml');
      const { before = '' } = changes.find(({ path }) => path === 'deploy/a.yaml') ?? {};
      const old = [{ path: 'deploy/a.yaml', id: before, kind: 'file' as const }];
      expect(await textsOf(branch, change.before, old)).toEqual({
        'deploy/a.yaml': 'image: a:2\n',
      });
      expect(traffic()).toBeLessThan(6_000);
      expect((await commitAndPush(branch, { 'deploy/a.yaml': 'x\n' })).result.kind).toBe('pushed');
      fixture.remote.fsck();
    });

    it('is whole once nearly all of it is read, and then an update costs no exchange more', async () => {
      fixture.remote.commit({ ...DEPLOY, 'README.md': '# Config\n', 'c.yaml': '1\n' });
      const branch = await fixture.open();
      await manifests(branch, await branch.head(NEVER));
      fixture.remote.commit({ 'c.yaml': '2\n' });
      fixture.server.log.length = 0;
      expect(await manifests(branch, await branch.head(NEVER))).toMatchObject({ 'c.yaml': '2\n' });
      expect(fixture.server.log).toHaveLength(engine === 'native' ? 4 : 2);
      await branch.close();
      const again = await fixture.open();
      await manifests(again, await again.head(NEVER));
      expect(existsSync(repoFolder('trees'))).toBe(false);
    });

    it('may be read in part and as a whole at once, on branches of its own', async () => {
      fill();
      fixture.remote.commit(DEPLOY, { branch: 'config' });
      const branches = [await fixture.open(), await fixture.open({ branch: 'config' })];
      const read = async (branch: GitBranch) => manifests(branch, await branch.head(NEVER));
      expect(await Promise.all(branches.map(read))).toEqual([DEPLOY, DEPLOY]);
      fixture.remote.commit({ 'deploy/a.yaml': '2\n' }, { branch: 'config' });
      fixture.remote.commit({ 'deploy/b.yaml': '2\n' });
      expect(await Promise.all(branches.map(read))).toEqual([
        { ...DEPLOY, 'deploy/b.yaml': '2\n' },
        { ...DEPLOY, 'deploy/a.yaml': '2\n' },
      ]);
      expect(traffic()).toBeLessThan(30_000);
    });

    it('comes whole from a server that forbids leaving out files', async () => {
      fixture.remote.git('config', 'uploadpackfilter.blob:none.allow', 'false');
      fill(100_000);
      const branch = await fixture.open();
      expect(await manifests(branch, await branch.head(NEVER))).toEqual(DEPLOY);
      expect(traffic()).toBeGreaterThan(100_000);
      fixture.remote.commit({ 'deploy/a.yaml': '2\n' });
      fixture.server.log.length = 0;
      await manifests(branch, await branch.head(NEVER));
      expect(fixture.server.log).toHaveLength(engine === 'native' ? 4 : 2);
      expect((await commitAndPush(branch, { 'deploy/a.yaml': '3\n' })).result.kind).toBe('pushed');
    });

    it('comes whole from a server that gives out no single files', async () => {
      fill(100_000);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const listed = await branch.files(head).list(NEVER);
      // As a server that looks for what is wanted in the history of its branches.
      const words = 'ERR want 0000000000000000000000000000000000000000 not valid';
      const answer = (Buffer.byteLength(words) + 4).toString(16).padStart(4, '0') + words;
      let isRefused = false;
      fixture.server.inject(({ method, url }) => {
        if (isRefused || method !== 'POST' || !url.endsWith('git-upload-pack')) return undefined;
        isRefused = true;
        const headers = { 'content-type': 'application/x-git-upload-pack-result' };
        return { kind: 'answer', status: 200, headers, body: answer };
      });
      const wanted = listed.filter(({ path }) => path.endsWith('.yaml'));
      expect(await textsOf(branch, head, wanted)).toEqual(DEPLOY);
      expect(isRefused).toBe(true);
      expect(traffic()).toBeGreaterThan(100_000);
    });

    it('is not taken for one that is better fetched whole when a connection is cut', async () => {
      fill();
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      let isCut = false;
      fixture.server.inject(({ method }) => {
        if (isCut || method !== 'POST') return undefined;
        isCut = true;
        return { kind: 'cut', afterBytes: 10 };
      });
      await expect(manifests(branch, head)).rejects.toMatchObject({ code: 'git/unreachable' });
      fixture.server.log.length = 0;
      expect(await manifests(branch, head)).toEqual(DEPLOY);
      expect(traffic()).toBeLessThan(20_000);
    });

    it('is fetched anew when it is damaged', async () => {
      fill();
      const first = await fixture.open();
      await manifests(first, await first.head(NEVER));
      await first.close();
      for (const name of readdirSync(packs('trees'))) {
        chmodSync(join(packs('trees'), name), 0o644);
        if (name.endsWith('.pack')) truncateSync(join(packs('trees'), name), 100);
      }
      const second = await fixture.open();
      expect(await manifests(second, await second.head(NEVER))).toEqual(DEPLOY);
      expect((await commitAndPush(second, { 'deploy/a.yaml': 'x\n' })).result.kind).toBe('pushed');
    });

    it('is tidied up when its packs are too many, and misses nothing', async () => {
      fill();
      const first = await fixture.open();
      await manifests(first, await first.head(NEVER));
      await first.close();
      const [name = ''] = readdirSync(packs('trees')).filter((file) => file.endsWith('.pack'));
      for (let copy = 0; copy <= 200; copy += 1) {
        const id = copy.toString(16).padStart(40, '0');
        for (const ending of ['.pack', '.idx']) {
          const file = join(packs('trees'), name.replace('.pack', ending));
          copyFileSync(file, file.replace(/[0-9a-f]{40}/, id));
        }
      }
      fixture.remote.commit({ ...code(3), 'deploy/a.yaml': '2\n' });
      const second = await fixture.open();
      const after = { ...DEPLOY, 'deploy/a.yaml': '2\n' };
      expect(await manifests(second, await second.head(NEVER))).toEqual(after);
      expect(readdirSync(packs('trees')).length).toBeLessThan(20);
      expect((await commitAndPush(second, { 'deploy/a.yaml': 'x\n' })).result.kind).toBe('pushed');
    });

    it('stays whole where it has come so before', async () => {
      fill(100_000);
      fixture.remote.git('config', 'uploadpack.allowFilter', 'false');
      const before = await fixture.open();
      await manifests(before, await before.head(NEVER));
      await before.close();
      fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
      fixture.remote.commit({ 'deploy/a.yaml': '2\n' });
      const after = await fixture.open();
      const head = await after.head(NEVER);
      fixture.server.log.length = 0;
      expect(await manifests(after, head)).toMatchObject({ 'deploy/a.yaml': '2\n' });
      expect(fixture.server.log).toHaveLength(engine === 'native' ? 2 : 1);
      expect(traffic()).toBeLessThan(5_000);
    });
  },
);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
