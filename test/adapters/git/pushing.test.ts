import { afterEach, describe, expect, it } from 'vitest';
import type { GitBranch, PushTarget } from '../../../src/ports/ports.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitOn, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'pushing elsewhere than to the branch that is read, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    let branch: GitBranch;
    let base: string;
    afterEach(() => fixture.close());

    async function start(options: { pushOptions?: boolean } = {}): Promise<void> {
      fixture = await startFixture(engine);
      base = fixture.remote.commit({ 'a.yaml': '1\n', 'b/c.yaml': '1\n' });
      if (options.pushOptions === true) {
        fixture.remote.git('config', 'receive.advertisePushOptions', 'true');
      }
      branch = await fixture.open();
    }

    async function push(target: PushTarget, text: string, parent = base) {
      const commit = await commitOn(branch, parent, { 'a.yaml': text });
      const result = await branch.push({ commit, parent, target }, NEVER);
      return { commit, kind: result.kind };
    }

    it('makes a branch that is not there yet, and leaves the one that is read', async () => {
      await start();
      const { commit, kind } = await push({ branch: 'bot/a', expected: undefined }, '2\n');
      expect([kind, fixture.remote.head('bot/a')]).toEqual(['pushed', commit]);
      expect(fixture.remote.head()).toBe(base);
      fixture.remote.fsck();
    });

    it('does not make it when it is there', async () => {
      await start();
      const theirs = fixture.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot/a' });
      const { kind } = await push({ branch: 'bot/a', expected: undefined }, '2\n');
      expect([kind, fixture.remote.head('bot/a')]).toEqual(['rejected', theirs]);
    });

    it('makes it from a commit that the branch has left behind', async () => {
      await start();
      const commit = await commitOn(branch, base, { 'a.yaml': '2\n' });
      fixture.remote.commit({ 'b/c.yaml': '2\n' });
      const target = { branch: 'bot/a', expected: undefined };
      expect((await branch.push({ commit, parent: base, target }, NEVER)).kind).toBe('pushed');
      fixture.remote.fsck();
    });

    it('adds to a branch that is at what the commit is made on', async () => {
      await start();
      const first = await push({ branch: 'bot/a', expected: undefined }, '2\n');
      const next = await push({ branch: 'bot/a', expected: first.commit }, '3\n', first.commit);
      expect([next.kind, fixture.remote.head('bot/a')]).toEqual(['pushed', next.commit]);
      expect(fixture.remote.git('rev-list', '--count', 'bot/a')).toBe('3');
    });

    it('replaces a branch of its own, if it is where it was seen', async () => {
      await start();
      const first = await push({ branch: 'bot/a', expected: undefined }, '2\n');
      const replace = { branch: 'bot/a', expected: first.commit, replace: true };
      const second = await push(replace, '3\n');
      expect([second.kind, fixture.remote.head('bot/a')]).toEqual(['pushed', second.commit]);
      // A person has added to it since.
      const theirs = fixture.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot/a' });
      expect((await push({ ...replace, expected: second.commit }, '4\n')).kind).toBe('rejected');
      expect(fixture.remote.head('bot/a')).toBe(theirs);
      fixture.remote.fsck();
    });

    it.each<[string, (head: string) => PushTarget]>([
      ['another branch’s commits', (head) => ({ branch: 'bot/a', expected: head })],
      ['the branch that is read', (head) => ({ branch: 'main', expected: head, replace: true })],
    ])('never replaces %s', async (_, target) => {
      await start();
      const head = fixture.remote.commit({ 'b/c.yaml': '2\n' });
      fixture.remote.git('branch', 'bot/a', head);
      await expect(push(target(head), '2\n')).rejects.toMatchObject({ code: 'usage' });
      expect([fixture.remote.head(), fixture.remote.head('bot/a')]).toEqual([head, head]);
    });

    it('lists several branches at once', async () => {
      await start();
      const other = fixture.remote.commit({ x: 'x' }, { branch: 'bot/a' });
      fixture.remote.commit({ x: 'x' }, { branch: 'bot/ab' });
      fixture.server.log.length = 0;
      const heads = await branch.branchHeads(['main', 'bot/a', 'bot/none'], NEVER);
      expect(Object.fromEntries(heads)).toEqual({ main: base, 'bot/a': other });
      expect(fixture.server.log.length).toBeLessThanOrEqual(2);
    });

    it('deletes a branch that is where it was seen, and no other', async () => {
      await start();
      const { commit } = await push({ branch: 'bot/a', expected: undefined }, '2\n');
      const gone = { name: 'bot/a', expected: base };
      expect((await branch.deleteBranch(gone, NEVER)).kind).toBe('rejected');
      expect(fixture.remote.head('bot/a')).toBe(commit);
      const it_ = { name: 'bot/a', expected: commit };
      expect((await branch.deleteBranch(it_, NEVER)).kind).toBe('pushed');
      expect((await branch.branchHeads(['bot/a'], NEVER)).size).toBe(0);
      expect((await branch.deleteBranch(it_, NEVER)).kind).toBe('rejected');
    });

    it('pushes to any ref, forward only', async () => {
      await start();
      const target = { ref: 'refs/for/main' };
      const first = await push(target, '2\n');
      expect(fixture.remote.git('rev-parse', 'refs/for/main')).toBe(first.commit);
      expect((await push(target, '3\n', first.commit)).kind).toBe('pushed');
      expect((await push(target, '4\n')).kind).toBe('rejected');
      fixture.remote.fsck();
    });

    it.each(['main', 'refs/heads/../x', 'refs/a:b', '-refs/x', '+refs/for/main'])(
      'refuses %s as a ref',
      async (ref) => {
        await start();
        await expect(push({ ref }, '2\n')).rejects.toMatchObject({ code: 'usage' });
      },
    );

    it('tells the server its options', async () => {
      await start({ pushOptions: true });
      fixture.remote.hook(
        'pre-receive',
        '#!/bin/sh\ntest "$GIT_PUSH_OPTION_COUNT/$GIT_PUSH_OPTION_0/$GIT_PUSH_OPTION_1" = "2/ci.skip/title=Ein Ölwechsel"\n',
      );
      const commit = await commitOn(branch, base, { 'a.yaml': '2\n' });
      const options = ['ci.skip', 'title=Ein Ölwechsel'];
      const result = await branch.push({ commit, parent: base, options }, NEVER);
      expect([result.kind, fixture.remote.head()]).toEqual(['pushed', commit]);
    });

    it('says that a server takes no options', async () => {
      await start();
      const commit = await commitOn(branch, base, { 'a.yaml': '2\n' });
      const push_ = branch.push({ commit, parent: base, options: ['ci.skip'] }, NEVER);
      await expect(push_).rejects.toMatchObject({
        code: 'git/unsupported',
        message: expect.stringContaining('takes no push options') as string,
      });
      expect(fixture.remote.head()).toBe(base);
    });

    it('goes on with its own branch after pushes elsewhere', async () => {
      await start();
      await push({ branch: 'bot/a', expected: undefined }, '2\n');
      fixture.remote.commit({ 'b/c.yaml': 'human\n' });
      const again = await branch.head(NEVER);
      expect(await readAll(branch.files(again))).toEqual({
        'a.yaml': '1\n',
        'b/c.yaml': 'human\n',
      });
      const commit = await commitOn(branch, again, { 'a.yaml': '3\n' });
      expect((await branch.push({ commit, parent: again }, NEVER)).kind).toBe('pushed');
      fixture.remote.fsck();
    });
  },
);
