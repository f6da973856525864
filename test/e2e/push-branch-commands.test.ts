import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const TEST_TIMEOUT_MS = 90_000;

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'] as const)(
  'commands with push.branch (%s)',
  { timeout: TEST_TIMEOUT_MS },
  (engine) => {
    let stage: Stage;
    let remote: RemoteRepo;
    let server: GitHttpServer;
    let registry: TagServer;
    afterEach(async () => {
      await stage.close();
      await server.close();
      await registry.close();
    });

    const start = async () => {
      stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine });
      remote = createRemote(stage.path('remotes/config.git'));
      server = await startGitHttpServer({ root: stage.path('remotes') });
      registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
      stage.write({
        'config/automation.yaml': automation(
          [`url: ${server.url('config.git')}`],
          ['interval: 1s', 'push: { branch: bot }'],
        ),
        'config/web.yaml': imagePolicy({
          image: registry.image('web'),
          spec: ['insecure: true', 'interval: 1s'],
        }),
      });
    };
    const update = (...more: readonly string[]) =>
      stage.run(['update', '--repo', server.url('config.git'), '--policies', 'config', ...more]);
    const json = async (...more: readonly string[]) => {
      const { code, stdout } = await update('-o', 'json', ...more);
      return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
    };

    it('update tells which branch it would write, writes, holds or leaves alone', async () => {
      await start();
      const dry = await update('--dry-run');
      expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('+++') as string });
      expect(dry.stderr).toMatch(/^would update web\.yaml.*\nwould push to branch bot\n$/);
      expect(await json('--dry-run')).toMatchObject({
        code: 0,
        changes: [{ to: '1.1.0' }],
        commits: [],
        branches: [{ branch: 'bot', state: 'planned', groups: ['all'] }],
      });
      expect(remote.git('branch', '--list', 'bot')).toBe('');
      const made = await update();
      const id = remote.head('bot');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout.split('\n').slice(1)).toEqual([
        `commit ${id.slice(0, 12)} Update web to 1.1.0`,
        'pushed to branch bot, where it waits to be merged',
        '',
      ]);
      expect(await update()).toMatchObject({
        code: 0,
        stdout: 'nothing to do: branch bot holds what is to change, and waits to be merged\n',
        stderr: '',
      });
      expect(await json()).toMatchObject({
        changes: [],
        commits: [],
        branches: [{ branch: 'bot', state: 'current', commit: id }],
        findings: [],
      });
      const theirs = remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' });
      const left = await update();
      expect(left).toMatchObject({ code: 0, stdout: '' });
      expect(left.stderr).toContain(`branch bot is left alone: commit ${theirs.slice(0, 12)} by`);
      expect(await json()).toMatchObject({
        branches: [{ state: 'foreign', reason: expect.stringContaining('left alone') as string }],
        findings: [{ severity: 'warning', code: 'branch/foreign' }],
      });
    });

    it('update deletes the branch once somebody was quicker, and says so', async () => {
      await start();
      await update();
      const commit = remote.head('bot');
      remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.1.0`) });
      expect(await update('--dry-run')).toMatchObject({
        code: 0,
        stderr: 'would delete branch bot: nothing that waits there is left to be done\n',
      });
      expect(await json()).toMatchObject({
        code: 0,
        branches: [{ branch: 'bot', state: 'deleted', commit, groups: [] }],
      });
      expect(remote.git('branch', '--list', 'bot')).toBe('');
      expect(await update()).toMatchObject({ stdout: 'nothing to do: 1 location checked\n' });
    });

    it('update that is killed between commit and push is made up for by the next, once', async () => {
      await start();
      for (const tag of ['1.1.0', '1.2.0']) {
        registry.push('web', tag);
        const cli = stage.start([
          'update',
          '--repo',
          server.url('config.git'),
          '--policies',
          'config',
        ]);
        let isUnderWay = false;
        // The commit is made by then, and nothing of it has reached the server.
        server.inject(({ url }) => {
          if (!url.endsWith('service=git-receive-pack')) return undefined;
          isUnderWay = true;
          return { kind: 'slow', ms: 1_000 };
        });
        await until('the push is under way', () => isUnderWay);
        cli.process.kill('SIGKILL');
        await cli.ended;
        server.inject(undefined);
        expect(await update()).toMatchObject({ code: 0, stderr: '' });
        expect(remote.read('web.yaml', 'bot')).toContain(`:${tag} #`);
        expect(remote.git('rev-list', '--count', 'main..bot')).toBe('1');
        expect(await json()).toMatchObject({ branches: [{ state: 'current' }] });
      }
      remote.fsck();
    });

    it('run --standalone keeps the branch, and its status says how it stands', async () => {
      await start();
      stage.start(
        'run --standalone --config config --state-dir state --listen 127.0.0.1:0'.split(' '),
      );
      const status = () => {
        const path = stage.path('state/status.json');
        const file = existsSync(path) ? readFileSync(path, 'utf8') : '{}';
        return (JSON.parse(file) as Record<string, { readonly message?: string }>)['apps/config'];
      };
      await until('the branch is made', () => remote.git('branch', '--list', 'bot') !== '');
      const waits = '0 of 1 location up to date, 1 waiting; on branch bot, to be merged';
      await until('status says so', () => status()?.message === waits);
      expect(status()).toMatchObject({
        ready: true,
        lastPush: { commit: remote.head('bot'), branch: 'bot', subject: 'Update web to 1.1.0' },
      });
      const theirs = remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' });
      await until('it is left alone', () => status()?.message?.includes('left alone') === true);
      registry.push('web', '1.2.0');
      remote.git('branch', '--move', 'bot', 'theirs');
      await until('it is made again', () => remote.git('branch', '--list', 'bot') !== '');
      await until('at the newer tag', () => remote.read('web.yaml', 'bot').includes(':1.2.0 #'));
      expect(remote.head('theirs')).toBe(theirs);
    });
  },
);
