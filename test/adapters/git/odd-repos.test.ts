import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { git, GIT_TEST_ENV } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, commitOn, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';
import { startOldServer } from './old-server.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

const LFS_POINTER =
  'version https://git-lfs.github.com/spec/v1\n' +
  'oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';

/** What filters, line-end conversion and archives would change, if anything of that were done. */
const ATTRIBUTED: Readonly<Record<string, string | Buffer>> = {
  '.gitattributes':
    '* text=auto eol=crlf ident\n*.bin filter=lfs diff=lfs merge=lfs -text\n' +
    'secret/** filter=git-crypt\nextra.yaml export-ignore\nutf16.yaml working-tree-encoding=UTF-16\n',
  '.lfsconfig': '[lfs]\n\turl = https://example.com/nowhere\n',
  'lf.yaml': 'tag: "1"\n',
  'crlf.yaml': 'tag: "1"\r\nother: x\r\n',
  'mixed.yaml': 'a: 1\r\nb: 2\n\r\n',
  'ident.yaml': '# $Id$\ntag: "1"\n',
  'extra.yaml': 'tag: "1"\n',
  'utf16.yaml': 'tag: "1"\n',
  'data.bin': LFS_POINTER,
  'pointer.yaml': LFS_POINTER,
  'secret/key.yaml': Buffer.from('\0GITCRYPT\0\u0001\u0002'),
};

/** Ids and modes by path: `ls-tree` lines without the path's encoding in play. */
function tree(fixture: Fixture): string[] {
  return fixture.remote.git('ls-tree', '-r', 'main').split('\n');
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'an odd repo, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    it('is read and written as its blobs are, whatever .gitattributes say', async () => {
      fixture = await startFixture(engine);
      fixture.remote.commit(ATTRIBUTED);
      const before = tree(fixture);
      const branch = await fixture.open();
      const all = await readAll(branch.files(await branch.head(NEVER)));
      expect(all).toEqual(
        Object.fromEntries(
          Object.entries(ATTRIBUTED).map(([path, content]) => [path, content.toString()]),
        ),
      );
      const changed = {
        'lf.yaml': 'tag: "2"\n',
        'crlf.yaml': 'tag: "2"\r\nother: x\r\n',
        'mixed.yaml': 'a: 2\r\nb: 2\n\r\n',
        'ident.yaml': '# $Id$\ntag: "2"\n',
        'extra.yaml': 'tag: "2"\n',
        'utf16.yaml': 'tag: "2"\n',
      };
      expect((await commitAndPush(branch, changed)).result.kind).toBe('pushed');
      const paths = Object.keys(changed);
      const now = paths.map((path) => [path, fixture.remote.read(path)]);
      expect(Object.fromEntries(now)).toEqual(changed);
      expect(tree(fixture).filter((line) => !before.includes(line))).toHaveLength(6);
      fixture.remote.fsck();
    });

    it('keeps paths apart that differ by case alone', async () => {
      fixture = await startFixture(engine);
      const files = { 'Apps/Web.yaml': '1\n', 'apps/Web.yaml': '2\n', 'apps/web.yaml': '3\n' };
      fixture.remote.commit(files);
      const branch = await fixture.open();
      expect(await readAll(branch.files(await branch.head(NEVER)))).toEqual(files);
      await commitAndPush(branch, { 'apps/web.yaml': '4\n', 'Apps/Web.yaml': '5\n' });
      expect(
        ['Apps/Web.yaml', 'apps/Web.yaml', 'apps/web.yaml'].map((path) =>
          fixture.remote.read(path),
        ),
      ).toEqual(['5\n', '2\n', '4\n']);
    });

    it('keeps names that are no UTF-8, and changes files that have such names', async () => {
      fixture = await startFixture(engine);
      const blob = git(fixture.remote.path, ['hash-object', '-w', '--stdin'], 'tag: "1"\n');
      const leaf = (name: string) => Buffer.from(`100644 blob ${blob}\t${name}\0`, 'latin1');
      // Two names that would be the same text if what is no UTF-8 were replaced by one character.
      const folder = git(fixture.remote.path, ['mktree', '-z'], leaf('caf\xe9.yaml'));
      const root = git(
        fixture.remote.path,
        ['mktree', '-z'],
        Buffer.concat([
          Buffer.from(`040000 tree ${folder}\td\xe9p\xf4t\0`, 'latin1'),
          leaf('plain.yaml'),
          leaf('t\xe8te.yaml'),
          leaf('t\xeate.yaml'),
        ]),
      );
      const commit = git(fixture.remote.path, ['commit-tree', root, '-m', 'odd']);
      fixture.remote.git('update-ref', 'refs/heads/main', commit);
      const branch = await fixture.open();
      const entries = await branch.files(await branch.head(NEVER)).list(NEVER);
      const paths = entries.map(({ path }) => path);
      expect(new Set(paths).size).toBe(4);
      // What is kept between runs is JSON.
      expect(JSON.parse(JSON.stringify(paths))).toEqual(paths);
      const deep = paths.find((path) => path.endsWith('.yaml') && path.includes('/')) ?? '';
      const result = await commitAndPush(branch, {
        [deep]: 'tag: "2"\n',
        [paths.at(-1) ?? '']: 'tag: "3"\n',
        'plain.yaml': 'tag: "4"\n',
      });
      expect(result.result.kind).toBe('pushed');
      const read = (path: string) =>
        execFileSync(
          'git',
          ['cat-file', 'blob', Buffer.from(`main:${path}`, 'latin1')] as string[],
          {
            cwd: fixture.remote.path,
            env: GIT_TEST_ENV,
          },
        ).toString();
      expect(read('plain.yaml')).toBe('tag: "4"\n');
      const listing = fixture.remote.git('-c', 'core.quotePath=true', 'ls-tree', '-r', 'main');
      expect(listing.split('\n').map((line) => line.split('\t')[1])).toEqual([
        '"d\\351p\\364t/caf\\351.yaml"',
        'plain.yaml',
        '"t\\350te.yaml"',
        '"t\\352te.yaml"',
      ]);
      const id = (text: string) => git(fixture.remote.path, ['hash-object', '--stdin'], text);
      expect(listing.split('\n').map((line) => line.split(/\s/)[2])).toEqual(
        ['tag: "2"\n', 'tag: "4"\n', 'tag: "1"\n', 'tag: "3"\n'].map(id),
      );
      const changes = await branch.changes({ before: commit, after: result.commit }, NEVER);
      expect(changes.map(({ path }) => path)).toEqual([deep, 'plain.yaml', paths.at(-1)]);
      fixture.remote.fsck();
    });

    it('takes an old mode of a file over as it is', async () => {
      fixture = await startFixture(engine);
      const blob = git(fixture.remote.path, ['hash-object', '-w', '--stdin'], '1\n');
      const bytes = Buffer.concat([
        Buffer.from('100664 group.yaml\0'),
        Buffer.from(blob, 'hex'),
        Buffer.from('100644 plain.yaml\0'),
        Buffer.from(blob, 'hex'),
      ]);
      const root = git(
        fixture.remote.path,
        ['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'],
        bytes,
      );
      const commit = git(fixture.remote.path, ['commit-tree', root, '-m', 'old modes']);
      fixture.remote.git('update-ref', 'refs/heads/main', commit);
      const branch = await fixture.open();
      const { result } = await commitAndPush(branch, { 'plain.yaml': '2\n' });
      expect(result.kind).toBe('pushed');
      expect(fixture.remote.read('plain.yaml')).toBe('2\n');
      expect(fixture.remote.read('group.yaml')).toBe('1\n');
    });

    it('is refused by name when its object ids are SHA-256', async () => {
      fixture = await startFixture(engine);
      const bare = join(fixture.folder, 'remotes', 'sha256.git');
      git(fixture.folder, ['init', '-q', '--bare', '--object-format=sha256', '-b', 'main', bare]);
      const file = 'M 100644 inline a.yaml\ndata 2\n1\n';
      git(
        bare,
        ['fast-import', '--quiet', '--date-format=now'],
        `commit refs/heads/main\ncommitter H <h@x> now\ndata 1\nx\n${file}`,
      );
      const plain = await startOldServer(fixture);
      for (const url of [fixture.server.url('sha256.git'), plain.url.replace('config', 'sha256')]) {
        const branch = await fixture.open({ url });
        await expect(branch.head(NEVER)).rejects.toMatchObject({
          code: 'git/unsupported',
          message: expect.stringContaining('SHA-256') as string,
        });
      }
      await plain.close();
    });

    describe('between two runs', () => {
      const files = { 'a.yaml': '1\n', 'b.yaml': '1\n' };
      /** One run: reads everything and pushes a change. @returns what it read */
      const run = async () => {
        const branch = await fixture.open();
        const all = await readAll(branch.files(await branch.head(NEVER)));
        const { result } = await commitAndPush(branch, { 'b.yaml': `${Math.random()}\n` });
        expect(result.kind).toBe('pushed');
        await branch.close();
        fixture.remote.fsck();
        return all;
      };

      it('may be forced back to an older commit', async () => {
        fixture = await startFixture(engine);
        const old = fixture.remote.commit(files);
        fixture.remote.commit({ 'a.yaml': '2\n' });
        expect(await run()).toEqual({ ...files, 'a.yaml': '2\n' });
        fixture.remote.git('update-ref', 'refs/heads/main', old);
        expect(await run()).toEqual(files);
      });

      it('may be forced to a history of its own, with what was there before thrown away', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(files);
        expect(await run()).toEqual(files);
        fixture.remote.git('update-ref', '-d', 'refs/heads/main');
        fixture.remote.commit({ ...files, 'c.yaml': 'new\n' });
        fixture.remote.git('gc', '--quiet', '--prune=now');
        expect(await run()).toEqual({ ...files, 'c.yaml': 'new\n' });
      });

      it('may lose the branch and get it back', async () => {
        fixture = await startFixture(engine);
        const first = fixture.remote.commit(files);
        expect(await run()).toEqual(files);
        fixture.remote.git('update-ref', '-d', 'refs/heads/main');
        const branch = await fixture.open();
        await expect(branch.head(NEVER)).rejects.toMatchObject({ code: 'git/not-found' });
        await branch.close();
        fixture.remote.git('update-ref', 'refs/heads/main', first);
        expect(await run()).toEqual(files);
      });

      it('may rename its branch, which costs no second download', async () => {
        fixture = await startFixture(engine);
        const big = Array.from({ length: 3000 }, (_, i) => Math.sin(i)).join('\n');
        fixture.remote.commit({ ...files, big });
        expect(await run()).toEqual({ ...files, big });
        fixture.remote.git('branch', '-m', 'main', 'trunk');
        const gone = await fixture.open();
        await expect(gone.head(NEVER)).rejects.toMatchObject({ code: 'git/not-found' });
        fixture.server.log.length = 0;
        const branch = await fixture.open({ branch: 'trunk' });
        const all = await readAll(branch.files(await branch.head(NEVER)));
        expect(all['a.yaml']).toBe('1\n');
        expect(fixture.server.log.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(2000);
        expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('pushed');
      });

      it('may move to another address', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(files);
        expect(await run()).toEqual(files);
        const moved = join(fixture.folder, 'remotes', 'moved.git');
        git(fixture.folder, ['clone', '-q', '--bare', fixture.remote.path, moved]);
        const location = `${fixture.server.url('moved.git')}/info/refs?service=git-upload-pack`;
        fixture.server.inject(({ url }) =>
          url.startsWith('/config.git')
            ? { kind: 'answer', status: 301, headers: { location } }
            : undefined,
        );
        const old = await fixture.open();
        await expect(old.head(NEVER)).rejects.toMatchObject({
          code: 'git/not-found',
          message: expect.stringContaining('redirect') as string,
        });
        const branch = await fixture.open({ url: fixture.server.url('moved.git') });
        const all = await readAll(branch.files(await branch.head(NEVER)));
        expect(all['a.yaml']).toBe('1\n');
      });
    });

    it('may be a shallow clone itself', async () => {
      fixture = await startFixture(engine);
      for (const text of ['1\n', '2\n', '3\n']) fixture.remote.commit({ 'a.yaml': text });
      const shallow = join(fixture.folder, 'remotes', 'shallow.git');
      const source = `file://${fixture.remote.path}`;
      git(fixture.folder, ['clone', '-q', '--bare', '--depth=2', source, shallow]);
      git(shallow, ['config', 'http.receivepack', 'true']);
      expect(existsSync(join(shallow, 'shallow'))).toBe(true);
      const branch = await fixture.open({ url: fixture.server.url('shallow.git') });
      const { commit, result } = await commitAndPush(branch, { 'a.yaml': '4\n' });
      expect(result.kind).toBe('pushed');
      const told: string[] = [];
      for await (const { id } of branch.log(commit, 100, NEVER)) told.push(id);
      expect(told).toHaveLength(3);
    });

    it('may have a commit replaced by a graft or another object', async () => {
      fixture = await startFixture(engine);
      const first = fixture.remote.commit({ 'a.yaml': '1\n' });
      const second = fixture.remote.commit({ 'a.yaml': '2\n' });
      const other = fixture.remote.commit({ 'a.yaml': 'other\n' }, { branch: 'other' });
      fixture.remote.git('replace', '--graft', second);
      fixture.remote.git('replace', first, other);
      const branch = await fixture.open();
      const head = await branch.head(NEVER);
      const told: string[] = [];
      for await (const { id } of branch.log(head, 100, NEVER)) told.push(id);
      expect(told[0]).toBe(second);
      expect((await readAll(branch.files(head)))['a.yaml']).toBe('2\n');
      expect((await commitAndPush(branch, { 'a.yaml': '3\n' })).result.kind).toBe('pushed');
    });

    it.each([
      ['protocol v2', []],
      ['side bands, or v2', ['side-band-64k', 'side-band']],
      ['thin packs and deltas by offset, or v2', ['thin-pack', 'ofs-delta']],
    ])('may come from a server without %s', async (_, without) => {
      fixture = await startFixture(engine);
      const files = { 'a.yaml': '1\n', 'd/b.yaml': 'x\n'.repeat(3000) };
      fixture.remote.commit(files);
      const old = await startOldServer(fixture, without);
      const branch = await fixture.open({ url: old.url });
      expect(await readAll(branch.files(await branch.head(NEVER)))).toEqual(files);
      fixture.remote.commit({ 'd/b.yaml': `y\n${'x\n'.repeat(3000)}` });
      const head = await branch.head(NEVER);
      expect((await readAll(branch.files(head)))['d/b.yaml']).toMatch(/^y\nx/);
      const commit = await commitOn(branch, head, { 'a.yaml': '2\n' });
      expect(await branch.push({ commit, parent: head }, NEVER)).toEqual({ kind: 'pushed' });
      await branch.close();
      await old.close();
      fixture.remote.fsck();
    });
  },
);
