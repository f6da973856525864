import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { GitBranch } from '../../../src/ports/ports.ts';
import { hasTool } from '../../support/git/tools.ts';
import {
  BOT,
  collect,
  commitAndPush,
  commitOn,
  NEVER,
  NOON,
  readAll,
  startFixture,
  type Fixture,
} from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

const TREE = {
  'README.md': '# Config\n',
  'apps/a/deploy.yaml': 'image: a:1\n',
  'apps/a/very/deep/down/values.yaml': 'tag: "1"\n',
  'apps/b.yaml': 'image: b:1\n',
  'apps-x/c.yaml': 'image: c:1\n',
  'bin/run.sh': { executable: '#!/bin/sh\n' },
  'link.yaml': { symlink: 'apps/b.yaml' },
  'ünïcode/日本 "x".yaml': 'image: u:1\n',
  'vendor/lib': { submodule: '1234567890123456789012345678901234567890' },
} as const;

/** Entries of a commit by path. */
async function listed(branch: GitBranch, commit: string) {
  const entries = await branch.files(commit).list(NEVER);
  return new Map(entries.map((entry) => [entry.path, entry]));
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a branch by the %s engine',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    describe('reading', () => {
      it('finds the commit of exactly the branch that was named', async () => {
        fixture = await startFixture(engine);
        const id = fixture.remote.commit(TREE);
        fixture.remote.commit({ x: 'other' }, { branch: 'other/refs/heads/main' });
        fixture.remote.commit({ x: 'other' }, { branch: 'mainly' });
        const branch = await fixture.open();
        expect(await branch.head(NEVER)).toBe(id);
      });

      it('asks for one ref listing and no objects when nothing is new', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        await readAll(branch.files(await branch.head(NEVER)));
        fixture.server.log.length = 0;
        const again = branch.files(await branch.head(NEVER));
        await again.list(NEVER);
        const bytes = fixture.server.log.reduce((sum, { sent }) => sum + sent, 0);
        expect(fixture.server.log.length).toBeLessThanOrEqual(2);
        expect(bytes).toBeLessThan(600);
      });

      it('lists files and links in path order and leaves submodules out', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const entries = await branch.files(await branch.head(NEVER)).list(NEVER);
        expect(entries.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
          'file README.md',
          'file apps-x/c.yaml',
          'file apps/a/deploy.yaml',
          'file apps/a/very/deep/down/values.yaml',
          'file apps/b.yaml',
          'file bin/run.sh',
          'symlink link.yaml',
          'file ünïcode/日本 "x".yaml',
        ]);
        expect(entries[2]?.id).toBe(fixture.remote.git('rev-parse', 'main:apps/a/deploy.yaml'));
      });

      it('reads contents in the order asked for, a link as its target', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const source = branch.files(await branch.head(NEVER));
        const asked = ['link.yaml', 'apps/b.yaml', 'README.md', 'apps/b.yaml'].map((path) => ({
          path,
          kind: 'file' as const,
        }));
        const read = await collect(source.read(asked, 100, NEVER));
        expect(read.map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual([
          'apps/b.yaml',
          'image: b:1\n',
          '# Config\n',
          'image: b:1\n',
        ]);
      });

      it('finds a file by its path alone, whatever it is called and however many are asked for', async () => {
        fixture = await startFixture(engine);
        const names = ['-p.yaml', ':(glob)*.yaml', 'a*/b.yaml', 'a/b.yaml', 'tab\t"q".yaml'];
        const many = Array.from({ length: 300 }, (_, index) => `many/${index % 7}/${index}.yaml`);
        const files = Object.fromEntries(
          [...names, ...many].map((path) => [path, `is: ${path}\n`]),
        );
        fixture.remote.commit(files);
        const branch = await fixture.open();
        const source = branch.files(await branch.head(NEVER));
        for (const paths of [...names.map((name) => [name]), names, many]) {
          const asked = paths.map((path) => ({ path, kind: 'file' as const }));
          const read = await collect(source.read(asked, 100, NEVER));
          expect(read.map(({ bytes }) => Buffer.from(bytes ?? []).toString())).toEqual(
            paths.map((path) => files[path]),
          );
        }
        for (const path of ['many', 'many/', '*.yaml', 'many/1/0.yaml']) {
          const asked = [{ path, kind: 'file' as const }];
          await expect(collect(source.read(asked, 100, NEVER))).rejects.toMatchObject({
            code: 'file/unreadable',
          });
        }
      });

      it('leaves out the bytes of files over the limit', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit({ 'at.yaml': 'x'.repeat(1000), 'over.yaml': 'x'.repeat(1001) });
        const branch = await fixture.open();
        const all = await readAll(branch.files(await branch.head(NEVER)), 1000);
        expect(all).toEqual({ 'at.yaml': 'x'.repeat(1000), 'over.yaml': undefined });
      });

      it('reads a large repo of similar files byte for byte', async () => {
        fixture = await startFixture(engine);
        const files: Record<string, string> = {};
        for (let i = 0; i < 600; i++) {
          files[`apps/${i % 7}/${i}.yaml`] = `name: app-${i}\n`.repeat((i % 40) + 1);
        }
        fixture.remote.commit(files);
        fixture.remote.git('repack', '-adqf', '--depth=50');
        const branch = await fixture.open();
        expect(await readAll(branch.files(await branch.head(NEVER)))).toEqual(files);
      });

      it('fetches only what is new after a commit by someone else', async () => {
        fixture = await startFixture(engine);
        const files: Record<string, string> = {};
        for (let i = 0; i < 300; i++) files[`apps/${i}.yaml`] = `${Math.sin(i)}\n`.repeat(20);
        fixture.remote.commit(files);
        const branch = await fixture.open();
        await readAll(branch.files(await branch.head(NEVER)));
        fixture.remote.commit({ 'apps/7.yaml': 'new\n' });
        fixture.server.log.length = 0;
        const all = await readAll(branch.files(await branch.head(NEVER)));
        expect(all).toEqual({ ...files, 'apps/7.yaml': 'new\n' });
        expect(fixture.server.log.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(15_000);
      });

      it('tells what a commit has otherwise than an earlier one', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const link = { symlink: 'README.md' };
        let before = await branch.head(NEVER);
        const files = await listed(branch, before);
        for (const change of [
          {},
          { 'apps/b.yaml': 'changed\n', 'apps/a/deploy.yaml': null },
          { 'bin/run.sh': 'no program any more\n', 'link.yaml': 'no link\n' },
          { 'README.md': null, 'apps/b.yaml': link },
          { 'vendor/lib': { submodule: '2234567890123456789012345678901234567890' } },
          { 'apps-x/c.yaml': null, 'apps-x/c.yaml/d.yaml': 'a folder now\n' },
          { 'vendor/lib': 'a file\n', 'ünïcode/日本 "x".yaml': 'u\n' },
          { 'a-new.yaml': '1\n', 'apps/b.yaml': null },
        ]) {
          fixture.remote.commit(change);
          const head = await branch.head(NEVER);
          const differences = await branch.files(head).since?.(before, NEVER);
          for (const { path, entry } of differences ?? []) {
            if (entry === undefined) files.delete(path);
            else files.set(path, entry);
          }
          expect(files).toEqual(await listed(branch, head));
          expect(differences?.length).toBe(Object.keys(change).length);
          before = head;
        }
      });

      it('knows of no difference from a commit that is not here', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const source = branch.files(await branch.head(NEVER));
        expect(await source.since?.('1234567890'.repeat(4), NEVER)).toBeUndefined();
        expect(await source.list(NEVER)).toHaveLength(8);
      });

      it('keeps its objects for the next process', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const first = await fixture.open();
        const all = await readAll(first.files(await first.head(NEVER)));
        await first.close();
        fixture.server.log.length = 0;
        const second = await fixture.open();
        expect(await readAll(second.files(await second.head(NEVER)))).toEqual(all);
        expect(fixture.server.log.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(600);
        expect(readdirSync(fixture.storeRoot)).toHaveLength(1);
      });
    });

    describe('writing', () => {
      it('changes just the bytes named: modes, links, submodules and other files stay', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const before = fixture.remote.git('ls-tree', '-r', '-z', 'main').split('\0');
        const branch = await fixture.open();
        const changed = {
          'apps/a/very/deep/down/values.yaml': 'tag: "2"\n',
          'bin/run.sh': '#!/bin/sh\nexit\n',
          'ünïcode/日本 "x".yaml': 'image: u:2\n',
          'apps/b.yaml': 'crlf\r\nno end',
        };
        const { commit, result } = await commitAndPush(branch, changed);
        expect(result).toEqual({ kind: 'pushed' });
        expect(fixture.remote.head()).toBe(commit);
        fixture.remote.fsck();
        for (const [path, text] of Object.entries(changed)) {
          expect(fixture.remote.read(path)).toBe(text);
        }
        const after = fixture.remote.git('ls-tree', '-r', '-z', 'main').split('\0');
        const withoutId = (line: string): string => line.replace(/[0-9a-f]{40}/, '');
        expect(after.map(withoutId)).toEqual(before.map(withoutId));
        expect(after.filter((line) => !before.includes(line))).toHaveLength(4);
      });

      it('makes the very commit object that git would make', async () => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const message = 'Update ünïcode\n\n  indented\n# not a comment\n\nImage-Update: x -> y\n';
        const commit = await branch.commit(
          {
            parent,
            files: [{ path: 'apps/b.yaml', bytes: Buffer.from('image: b:2\n') }],
            message,
            author: { name: 'Bö <t>', email: 'bot@example.com' },
            time: NOON,
          },
          NEVER,
        );
        await branch.push({ commit, parent }, NEVER);
        const tree = fixture.remote.git('rev-parse', `${commit}^{tree}`);
        expect(`${fixture.remote.git('cat-file', 'commit', commit)}\n`).toBe(
          `tree ${tree}\nparent ${parent}\nauthor Bö t <bot@example.com> 1795176000 +0000\n` +
            `committer Bö t <bot@example.com> 1795176000 +0000\n\n${message}`,
        );
      });

      it('makes equal objects by either engine', async () => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const commit = await commitOn(branch, parent, { 'apps/b.yaml': '2\n', 'README.md': '2\n' });
        const other = await startFixture(engine === 'native' ? 'isomorphic' : 'native');
        other.remote.git('fetch', '-q', fixture.remote.path, 'main:main');
        const same = await commitOn(await other.open(), parent, {
          'apps/b.yaml': '2\n',
          'README.md': '2\n',
        });
        await other.close();
        expect(same).toBe(commit);
      });

      it('goes on from its own push without a fetch', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        await commitAndPush(branch, { 'apps/b.yaml': '2\n' });
        fixture.server.log.length = 0;
        const all = await readAll(branch.files(await branch.head(NEVER)));
        expect(all['apps/b.yaml']).toBe('2\n');
        expect(fixture.server.log.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(600);
        const { result } = await commitAndPush(branch, { 'apps/b.yaml': '3\n' });
        expect(result).toEqual({ kind: 'pushed' });
        fixture.remote.fsck();
      });

      it('fetches a change by someone else on top of its own push', async () => {
        fixture = await startFixture(engine);
        fixture.remote.commit(TREE);
        const branch = await fixture.open();
        for (const round of ['1', '2', '3']) {
          await commitAndPush(branch, { 'apps/b.yaml': `bot ${round}\n` });
          fixture.remote.commit({ 'README.md': `human ${round}\n` });
          const all = await readAll(branch.files(await branch.head(NEVER)));
          expect(all).toMatchObject({
            'apps/b.yaml': `bot ${round}\n`,
            'README.md': `human ${round}\n`,
          });
        }
        expect(fixture.remote.git('rev-list', '--count', 'main')).toBe('7');
      });

      it.each([
        ['a file that is not there', 'apps/none.yaml'],
        ['a folder', 'apps/a'],
        ['a path through a file', 'apps/b.yaml/x'],
        ['a symbolic link', 'link.yaml'],
        ['a submodule', 'vendor/lib'],
      ])('refuses to write %s', async (_, path) => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE);
        const branch = await fixture.open();
        await expect(commitOn(branch, parent, { [path]: 'x' })).rejects.toMatchObject({
          code: 'file/unreadable',
        });
      });
    });

    describe('when the branch moved', () => {
      it('rejects the push and leaves the other commit in place', async () => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE);
        const branch = await fixture.open();
        const commit = await commitOn(branch, parent, { 'apps/b.yaml': '2\n' });
        const human = fixture.remote.commit({ 'README.md': 'human\n' });
        const result = await branch.push({ commit, parent }, NEVER);
        expect(result.kind).toBe('rejected');
        expect(fixture.remote.head()).toBe(human);
      });

      it('does not bring back commits that a person took off the branch', async () => {
        fixture = await startFixture(engine);
        const kept = fixture.remote.commit(TREE);
        const parent = fixture.remote.commit({ 'README.md': 'secret\n' });
        const branch = await fixture.open();
        const commit = await commitOn(branch, parent, { 'apps/b.yaml': '2\n' });
        fixture.remote.git('update-ref', 'refs/heads/main', kept);
        expect((await branch.push({ commit, parent }, NEVER)).kind).toBe('rejected');
        expect(fixture.remote.head()).toBe(kept);
      });

      it('does not create a branch anew that a person deleted', async () => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE, { branch: 'gone' });
        fixture.remote.commit(TREE);
        const branch = await fixture.open({ branch: 'gone' });
        const commit = await commitOn(branch, parent, { 'apps/b.yaml': '2\n' });
        fixture.remote.git('update-ref', '-d', 'refs/heads/gone');
        expect((await branch.push({ commit, parent }, NEVER)).kind).toBe('rejected');
        await expect(branch.head(NEVER)).rejects.toMatchObject({ code: 'git/not-found' });
      });

      it('lets one of two racing writers through, and the other after it has looked again', async () => {
        fixture = await startFixture(engine);
        const parent = fixture.remote.commit(TREE);
        const [one, two] = [await fixture.open(), await fixture.open()];
        const mine = await commitOn(one, parent, { 'apps/b.yaml': 'one\n' });
        const yours = await commitOn(two, parent, { 'README.md': 'two\n' });
        const results = await Promise.all([
          one.push({ commit: mine, parent }, NEVER),
          two.push({ commit: yours, parent }, NEVER),
        ]);
        expect(results.map(({ kind }) => kind).toSorted()).toEqual(['pushed', 'rejected']);
        const again = results[0].kind === 'rejected' ? one : two;
        expect((await commitAndPush(again, { 'bin/run.sh': 'again\n' })).result.kind).toBe(
          'pushed',
        );
        expect(fixture.remote.git('rev-list', '--count', 'main')).toBe('3');
        fixture.remote.fsck();
      });

      it('refuses to push a commit that is not made on the parent', async () => {
        fixture = await startFixture(engine);
        const first = fixture.remote.commit(TREE);
        const second = fixture.remote.commit({ 'README.md': '2\n' });
        const branch = await fixture.open();
        const commit = await commitOn(branch, first, { 'apps/b.yaml': '2\n' });
        await expect(branch.push({ commit, parent: second }, NEVER)).rejects.toMatchObject({
          code: 'git/store',
        });
        expect(fixture.remote.head()).toBe(second);
      });
    });

    it('keeps several branches of one remote in one store', async () => {
      fixture = await startFixture(engine);
      fixture.remote.commit(TREE);
      fixture.remote.commit({ 'only-dev.yaml': 'dev\n' }, { branch: 'team/dev' });
      const [main, dev] = [await fixture.open(), await fixture.open({ branch: 'team/dev' })];
      const [a, b] = await Promise.all(
        [main, dev].map(async (branch) => readAll(branch.files(await branch.head(NEVER)))),
      );
      expect(a).toHaveProperty('README.md');
      expect(b).toEqual({ 'only-dev.yaml': 'dev\n' });
      expect(readdirSync(fixture.storeRoot)).toHaveLength(1);
    });

    it('describes itself without the login', async () => {
      fixture = await startFixture(engine, { basic: { username: 'me', password: 'p@ss/word' } });
      const id = fixture.remote.commit(TREE);
      const url = fixture.server.url('config.git').replace('://', '://me:p%40ss%2Fword@');
      const branch = await fixture.open({ url });
      expect(branch.description).toBe(`${fixture.server.url('config.git')} (main)`);
      expect(await branch.head(NEVER)).toBe(id);
      expect(BOT.name).toBe('Lockkeeper');
    });
  },
);
