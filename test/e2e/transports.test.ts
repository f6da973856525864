import { afterEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { compose } from '../../src/compose/ports.ts';
import { makeSshKey, SIGNER, verifyCommit } from '../support/git/signing-keys.ts';
import { scratch } from '../support/git/repo.ts';
import { hasTool, type Tool } from '../support/git/tools.ts';
import { openBranchStage, type BranchStage } from './branch-stage.ts';

const TEST_TIMEOUT_MS = 60_000;
const NEVER = new AbortController().signal;
const BOT = { author: { name: 'Bot', email: SIGNER } };

const WAYS: readonly {
  readonly transport: 'http' | 'ssh';
  readonly engine: 'native' | 'isomorphic';
  readonly needs: readonly Tool[];
}[] = [
  { transport: 'http', engine: 'native', needs: ['git-http-backend'] },
  { transport: 'http', engine: 'isomorphic', needs: ['git-http-backend'] },
  { transport: 'ssh', engine: 'native', needs: ['git', 'sshd'] },
];

describe.each(WAYS)(
  'the main scenarios over $transport by the $engine engine',
  { timeout: TEST_TIMEOUT_MS },
  ({ transport, engine, needs }) => {
    const canRun = [...needs, 'ssh-keygen' as const].every(hasTool);
    let stage: BranchStage;
    afterEach(() => stage.close());

    /** web and api are to move from 1.0.0 to 1.1.0, in a repo that is mostly code. */
    const start = async (spec: Parameters<typeof openBranchStage>[1] = {}) => {
      stage = await openBranchStage(engine, { commit: BOT, ...spec }, { transport, isMixed: true });
    };
    const subjects = (branch = 'main') =>
      stage.remote.git('log', '--reverse', '--format=%s', branch).split('\n').slice(1);

    it.skipIf(!canRun)('an update is one commit, and then there is nothing to do', async () => {
      await start();
      const { commits } = await stage.pass();
      expect(commits).toMatchObject([{ id: stage.remote.head() }]);
      expect(stage.tags('main')).toEqual({ web: '1.1.0', api: '1.1.0' });
      expect(stage.remote.git('diff', '--stat', 'HEAD^', 'HEAD')).toMatch(/2 insertions.*2 del/);
      expect((await stage.pass()).commits).toEqual([]);
      await stage.restart();
      stage.registry.push('web', '1.2.0');
      await stage.pass();
      expect(stage.tags('main')).toEqual({ web: '1.2.0', api: '1.1.0' });
      expect(subjects()).toHaveLength(2);
      stage.remote.fsck();
    });

    it.skipIf(!canRun)('a lock holds its workload while others go on', async () => {
      await start();
      const lock = "  annotations: { lockkeeper.dev/lock: 'true', lockkeeper.dev/lock-by: ana }\n";
      const text = stage.remote.read('apps/web.yaml');
      stage.remote.commit({ 'apps/web.yaml': text.replace('spec:\n', `${lock}spec:\n`) });
      const { pass } = await stage.pass();
      expect(stage.tags('main')).toEqual({ web: '1.0.0', api: '1.1.0' });
      expect(pass.plan.decisions.map(({ policy, reason }) => `${policy} ${reason}`)).toContain(
        'apps/web Locked',
      );
    });

    it.skipIf(!canRun)(
      'a revert by a person is held, also by a process that knows nothing yet',
      async () => {
        await start();
        await stage.pass();
        stage.person('main', ['revert', '--no-edit', 'HEAD']);
        for (let scan = 0; scan < 2; scan += 1) expect((await stage.pass()).commits).toEqual([]);
        expect((await stage.passOfAnother()).commits).toEqual([]);
        expect(stage.tags('main')).toEqual({ web: '1.0.0', api: '1.0.0' });
        stage.registry.push('web', '1.2.0');
        await stage.pass();
        expect(stage.tags('main')).toEqual({ web: '1.2.0', api: '1.0.0' });
      },
    );

    it.skipIf(!canRun)('a race that is lost in the middle of a push is run again', async () => {
      await start();
      stage.remote.git('branch', 'theirs', 'main');
      const theirs = stage.remote.commit({ 'README.md': 'by a person\n' }, { branch: 'theirs' });
      const outside = 'env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY';
      stage.remote.hook(
        'pre-receive',
        `#!/bin/sh\n[ -e lost ] || { touch lost; ${outside} git update-ref refs/heads/main ${theirs}; }\n`,
      );
      const { commits } = await stage.pass();
      expect(commits).toMatchObject([{ id: stage.remote.head() }]);
      expect(stage.remote.git('rev-parse', 'main^')).toBe(theirs);
      expect(stage.tags('main')).toEqual({ web: '1.1.0', api: '1.1.0' });
      stage.remote.fsck();
    });

    it.skipIf(!canRun)('groupBy makes a commit of each policy', async () => {
      await start({ groupBy: 'policy' });
      await stage.pass();
      expect(subjects()).toEqual(['Update api to 1.1.0', 'Update web to 1.1.0']);
      stage.remote.fsck();
    });

    it.skipIf(!canRun)('commits are signed, and git verifies them', async () => {
      await start({ commit: { ...BOT, signingKey: { secretRef: { name: 'signing' } } } });
      const area = scratch();
      const key = makeSshKey(area.path, ['-t', 'ed25519']);
      stage.write({ 'secrets/signing/identity': key.text });
      await stage.pass();
      expect(verifyCommit(stage.remote.path, 'main', key)).toEqual({ isGood: true, words: '' });
      expect(stage.tags('main')).toEqual({ web: '1.1.0', api: '1.1.0' });
      area.remove();
    });

    it.skipIf(!canRun)('another branch is pushed to, and kept up to date', async () => {
      await start({ push: { branch: 'images' } });
      const base = stage.remote.head();
      await stage.pass();
      stage.registry.push('api', '1.2.0');
      await stage.pass();
      expect(stage.remote.head()).toBe(base);
      expect(stage.tags('images')).toEqual({ web: '1.1.0', api: '1.2.0' });
      expect(stage.remote.git('log', '--format=%H', 'images^')).toBe(base);
      stage.remote.fsck();
    });
  },
);

describe('an address over SSH', () => {
  it('is refused by the embedded engine, by name', async () => {
    const area = scratch();
    const ports = await compose(
      readConfig({ LOCKKEEPER_CACHE_DIR: area.path, LOCKKEEPER_GIT_ENGINE: 'isomorphic' }),
    );
    const access = { url: 'ssh://git@git.example.com/config', branch: 'main' };
    await expect(ports.open.branch(access, NEVER)).rejects.toMatchObject({
      code: 'git/unsupported',
      message:
        'ssh://git.example.com/config needs the git program (2.31 or later): without it only https:// and http:// work',
    });
    await ports.close();
    area.remove();
  });
});
