import { afterEach, describe, expect, it } from 'vitest';
import { hasTool } from '../support/git/tools.ts';
import { openBranchStage, type BranchStage } from './branch-stage.ts';

const TEST_TIMEOUT_MS = 60_000;

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'] as const)(
  'a refspec (%s)',
  { timeout: TEST_TIMEOUT_MS },
  (engine) => {
    let stage: BranchStage;
    afterEach(() => stage.close());

    type Spec = Parameters<typeof openBranchStage>[1];
    const start = async (push: NonNullable<Spec['push']>, spec: Spec = {}) => {
      stage = await openBranchStage(engine, { push, ...spec });
      // A server for reviews takes what comes to this ref, and shows nothing of it.
      stage.remote.git('config', 'transfer.hideRefs', 'refs/for');
      stage.remote.git('config', 'receive.hideRefs', '!refs/for');
    };
    const message = (commit: string) => stage.remote.git('log', '-1', '--format=%B', commit);
    /** What waits for review, by commit. */
    const reviewed = () =>
      stage.remote.git('for-each-ref', '--format=%(objectname)', 'refs/for/main');
    /** As after a review, when the next commit may be anything. */
    const takeUp = () => void stage.remote.git('update-ref', '-d', 'refs/for/main');

    it('alone sends what is to change for review, once', async () => {
      await start({ refspec: 'HEAD:refs/for/main' });
      const base = stage.remote.head();
      const { branches, commits } = await stage.pass();
      expect(branches).toMatchObject([
        { branch: 'refs/for/main', state: 'pushed', commit: reviewed() },
      ]);
      expect(commits).toMatchObject([{ branch: 'refs/for/main' }]);
      expect(stage.remote.head()).toBe(base);
      const trailers = /\n\nImage-Update: [^]*\nChange-Id: I[0-9a-f]{40}\n*$/;
      expect(message(reviewed())).toMatch(trailers);
      takeUp();
      for (const isRestarted of [false, true]) {
        if (isRestarted) await stage.restart();
        stage.server.log.length = 0;
        const again = await stage.pass();
        expect(again.branches).toMatchObject([{ state: 'current', commit: commits[0]?.id }]);
        expect(reviewed()).toBe('');
        expect(stage.exchanges()).toBe(1);
      }
      stage.remote.commit({ 'README.md': 'text' });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'current' }]);
      stage.registry.push('web', '1.2.0');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.remote.git('rev-list', '--count', `main..${reviewed()}`)).toBe('1');
    });

    it('alone sends it again when the server did not take it', async () => {
      await start({ refspec: 'HEAD:refs/for/main' });
      stage.remote.hook('pre-receive', '#!/bin/sh\necho not today >&2\nexit 1\n');
      await expect(stage.pass()).rejects.toMatchObject({ code: 'git/rejected' });
      stage.remote.hook('pre-receive', '#!/bin/sh\n');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
    });

    it('alone that names a branch makes that one ours', async () => {
      await start({ refspec: 'refs/heads/main:refs/heads/bot' });
      expect((await stage.pass()).branches).toMatchObject([{ branch: 'bot', state: 'pushed' }]);
      stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'foreign' }]);
    });

    it('beside a branch is pushed to as well, with each commit', async () => {
      await start({ branch: 'bot', refspec: 'refs/heads/bot:refs/for/main' });
      await stage.pass();
      expect(reviewed()).toBe(stage.remote.head('bot'));
      expect(message('bot')).toMatch(/\nLockkeeper-Group: apps\/config all\nChange-Id: I\S+\n*$/);
      takeUp();
      expect((await stage.pass()).branches).toMatchObject([{ state: 'current' }]);
      expect(reviewed()).toBe('');
    });

    it('beside the branch that is read keeps a copy of it', async () => {
      await start({ branch: 'main', refspec: 'HEAD:refs/heads/copy' }, { groupBy: 'policy' });
      expect((await stage.pass()).branches).toEqual([]);
      expect(stage.remote.head('copy')).toBe(stage.remote.head());
      stage.registry.push('web', '1.2.0');
      await stage.pass();
      expect(stage.remote.head('copy')).toBe(stage.remote.head());
    });

    it('never forces what it names', async () => {
      await start({ branch: 'main', refspec: 'HEAD:refs/heads/copy' });
      const theirs = stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'copy' });
      await expect(stage.pass()).rejects.toMatchObject({
        code: 'git/rejected',
        message: expect.stringContaining('refs/heads/copy cannot be moved on') as string,
      });
      expect(stage.remote.head('copy')).toBe(theirs);
      expect(stage.tags('main')).toEqual({ web: '1.1.0', api: '1.1.0' });
    });
  },
);
