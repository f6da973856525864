import { afterEach, describe, expect, it } from 'vitest';
import { hasTool } from '../support/git/tools.ts';
import { openBranchStage, type BranchStage } from './branch-stage.ts';

const TEST_TIMEOUT_MS = 60_000;
const BOT = { author: { name: 'Bot', email: 'bot@example.com' } };

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'] as const)(
  'updates that go to another branch (%s)',
  { timeout: TEST_TIMEOUT_MS },
  (engine) => {
    let stage: BranchStage;
    afterEach(() => stage.close());

    /** One branch for everything; web and api are to move from 1.0.0 to 1.1.0. */
    const start = async (spec: Parameters<typeof openBranchStage>[1] = {}) => {
      stage = await openBranchStage(engine, { commit: BOT, push: { branch: 'bot' }, ...spec });
    };

    it('make the branch on the base, and leave the base', async () => {
      await start();
      const base = stage.remote.head();
      const outcome = await stage.pass();
      expect(outcome.branches).toMatchObject([
        { branch: 'bot', state: 'pushed', commit: stage.remote.head('bot') },
      ]);
      expect(outcome.commits).toMatchObject([{ branch: 'bot', id: stage.remote.head('bot') }]);
      expect(stage.remote.head()).toBe(base);
      expect(stage.remote.git('log', '--format=%H', 'bot^')).toBe(base);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.1.0' });
      expect(stage.remote.git('log', '-1', '--format=%B', 'bot')).toMatch(
        /^Lockkeeper-Group: apps\/config all$/m,
      );
      stage.remote.fsck();
    });

    it('cost two ref listings while nothing moves, whoever looks', async () => {
      await start();
      await stage.pass();
      const head = stage.remote.head('bot');
      for (const isRestarted of [false, true, false]) {
        if (isRestarted) await stage.restart();
        stage.server.log.length = 0;
        const { branches, commits } = await stage.pass();
        expect(branches).toMatchObject([{ state: 'current', commit: head }]);
        expect(commits).toEqual([]);
        expect(stage.exchanges()).toBe(2);
      }
      expect(stage.remote.head('bot')).toBe(head);
    });

    it('leave the branch when the base moves elsewhere, and make it anew when its files do', async () => {
      await start();
      await stage.pass();
      const first = stage.remote.head('bot');
      stage.remote.commit({ 'README.md': 'text' });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'current', commit: first }]);
      const text = stage.remote.read('apps/web.yaml');
      const base = stage.remote.commit({ 'apps/web.yaml': `${text}# more\n` });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.remote.git('log', '--format=%H', 'bot^', '-1')).toBe(base);
      expect(stage.remote.read('apps/web.yaml', 'bot')).toMatch(/1\.1\.0[^]*# more\n$/);
    });

    it('go on to a newer tag in place', async () => {
      await start();
      await stage.pass();
      stage.registry.push('web', '1.2.0');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.2.0', api: '1.1.0' });
      expect(stage.remote.git('rev-list', '--count', 'main..bot')).toBe('1');
    });

    it('take back nothing for a policy that nothing is certain of just now', async () => {
      await start();
      await stage.pass();
      const head = stage.remote.head('bot');
      stage.registry.override(({ url }) =>
        url.includes('/team/api/') ? { status: 404, body: {} } : undefined,
      );
      const without = await stage.pass();
      expect(without.branches).toMatchObject([{ state: 'kept', commit: head }]);
      expect(without.pass.findings).toMatchObject([{ code: 'policy/failed' }]);
      // On a base whose files have changed it would have to be made anew, with what is known.
      stage.remote.commit({ 'README.md': 'text' });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'kept', commit: head }]);
      const text = stage.remote.read('apps/api.yaml');
      stage.remote.commit({ 'apps/api.yaml': `${text}# more\n` });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.0.0' });
      stage.registry.override(undefined);
      await stage.pass();
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.1.0' });
    });

    it('make a branch again that a person deleted', async () => {
      await start();
      await stage.pass();
      stage.remote.git('branch', '-D', 'bot');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.1.0' });
    });

    it.each([
      ['added to it', () => stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' })],
      ['amended it', () => stage.person('bot', ['commit', '--amend', '--message=mine, mostly'])],
      [
        'amended it and kept its message',
        () => stage.person('bot', ['commit', '--amend', '--no-edit', '--date=now']),
      ],
      [
        'merged something into it',
        () => {
          stage.remote.commit({ 'y.yaml': 'y' }, { branch: 'theirs' });
          stage.person('bot', ['merge', '--allow-unrelated-histories', '-m', 'm', 'origin/theirs']);
        },
      ],
    ])('leave it alone when a person %s', async (_, act) => {
      await start();
      await stage.pass();
      act();
      const theirs = stage.remote.head('bot');
      for (const tag of ['1.2.0', '1.3.0']) {
        stage.registry.push('web', tag);
        const { branches, pass, commits } = await stage.pass();
        expect(commits).toEqual([]);
        expect(branches).toMatchObject([{ state: 'foreign', commit: theirs }]);
        expect(pass.findings).toMatchObject([
          {
            severity: 'warning',
            code: 'branch/foreign',
            message: expect.stringContaining(`left alone: commit ${theirs.slice(0, 12)}`) as string,
          },
        ]);
      }
      expect(stage.remote.head('bot')).toBe(theirs);
      stage.remote.git('branch', '-D', 'bot');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toMatchObject({ web: '1.3.0' });
    });

    it.each([
      ['a merge, and leave it', ['merge', '--no-ff', '-m', 'Merge bot', 'origin/bot'], 'bot'],
      ['fast-forward, and leave it', ['merge', '--ff-only', 'origin/bot'], 'bot'],
      // What is on it is nowhere in the base's history, and could be merged once more.
      ['a squash, and delete it', ['merge', '--squash', 'origin/bot'], ''],
    ])('have nothing more to do once the branch is merged by %s', async (_, args, left) => {
      await start();
      await stage.pass();
      stage.person('main', args);
      const { branches, commits, pass } = await stage.pass();
      expect([branches, commits, pass.edits]).toEqual([[], [], []]);
      expect(stage.remote.git('branch', '--list', 'bot').trim()).toBe(left);
      stage.registry.push('api', '1.2.0');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.2.0' });
      expect(stage.remote.git('rev-list', '--count', 'main..bot')).toBe('1');
    });

    it('stay ours when somebody brings them up to date by merging the base', async () => {
      await start();
      await stage.pass();
      stage.remote.commit({ 'README.md': 'text' });
      stage.person('bot', ['merge', '--no-ff', '-m', 'Merge branch main', 'origin/main']);
      stage.remote.commit({ 'README.md': 'more text' });
      stage.person('bot', ['merge', '--no-ff', '-m', 'Merge branch main again', 'origin/main']);
      const merged = stage.remote.head('bot');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'current', commit: merged }]);
      stage.registry.push('web', '1.2.0');
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.2.0', api: '1.1.0' });
      expect(stage.remote.git('rev-list', '--count', 'main..bot')).toBe('1');
    });

    it('are left alone when such a merge changes what they change', async () => {
      await start();
      await stage.pass();
      const text = stage.remote.read('apps/web.yaml');
      stage.remote.commit({ 'apps/web.yaml': `# first\n${text}` });
      stage.person('bot', ['merge', '--no-ff', '-m', 'Merge branch main', 'origin/main']);
      expect((await stage.pass()).branches).toMatchObject([
        { state: 'foreign', commit: stage.remote.head('bot') },
      ]);
    });

    const LOCK = "  annotations: { lockkeeper.dev/lock: 'true' }\n";
    /** A person locks workloads on the base at what they hold there. */
    const lock = (...names: readonly string[]) =>
      stage.remote.commit(
        Object.fromEntries(
          names.map((name) => {
            const path = `apps/${name}.yaml`;
            return [path, stage.remote.read(path).replace('spec:\n', `${LOCK}spec:\n`)];
          }),
        ),
      );
    const bots = () => stage.remote.git('branch', '--list', 'bot').trim();

    it('are taken back with their branch once nobody wants them, and made again when one does', async () => {
      await start();
      await stage.pass();
      const commit = stage.remote.head('bot');
      lock('api', 'web');
      expect(await stage.pass({ dryRun: true })).toMatchObject({
        retired: { branch: 'bot', state: 'to-delete' },
      });
      expect(bots()).toBe('bot');
      const outcome = await stage.pass();
      expect(outcome).toMatchObject({
        branches: [],
        commits: [],
        retired: { branch: 'bot', commit, state: 'deleted' },
      });
      expect(bots()).toBe('');
      expect(await stage.pass()).not.toHaveProperty('retired');
      const web = stage.remote.read('apps/web.yaml').replace(LOCK, '');
      stage.remote.commit({ 'apps/web.yaml': web });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.0.0' });
      stage.remote.fsck();
    });

    it.each<[string, readonly string[], () => unknown]>([
      [
        'somebody adds to it',
        ['api', 'web'],
        () => stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' }),
      ],
      [
        'a registry does not answer for what is left',
        ['web'],
        () =>
          stage.registry.override(({ url }) =>
            url.includes('/team/api/') ? { status: 404, body: {} } : undefined,
          ),
      ],
      [
        'a file cannot be read',
        ['api', 'web'],
        () => stage.remote.commit({ 'y.yaml': '{ # {"$imagepolicy": "a:b"}' }),
      ],
      [
        'the server lets nobody delete it',
        ['api', 'web'],
        () => stage.remote.git('config', 'receive.denyDeletes', 'true'),
      ],
    ])('stay on their branch although nobody wants them, when %s', async (_, locked, act) => {
      await start();
      await stage.pass();
      lock(...locked);
      act();
      const head = stage.remote.head('bot');
      const { pass, ...outcome } = await stage.pass();
      expect(outcome).not.toHaveProperty('retired');
      expect(stage.remote.head('bot')).toBe(head);
      const isForbidden = stage.remote.git('config', '--default', '', 'receive.denyDeletes') !== '';
      expect(pass.findings.filter(({ code }) => code === 'branch/stale')).toHaveLength(
        isForbidden ? 1 : 0,
      );
    });

    it('never take a branch back with what a person pushes in that very moment', async () => {
      await start();
      await stage.pass();
      lock('api', 'web');
      let theirs = '';
      stage.server.inject(({ method, url }) => {
        if (method === 'POST' && url.endsWith('git-receive-pack') && theirs === '') {
          theirs = stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' });
        }
        return undefined;
      });
      expect(await stage.pass()).not.toHaveProperty('retired');
      expect(theirs).not.toBe('');
      expect(stage.remote.head('bot')).toBe(theirs);
    });

    it('leave a branch alone that holds nothing of its own, and look at it once', async () => {
      await start();
      lock('api', 'web');
      stage.remote.git('branch', 'bot', 'main');
      stage.remote.commit({ 'README.md': 'text' });
      expect(await stage.pass()).not.toHaveProperty('retired');
      expect(bots()).toBe('bot');
    });

    it('take over a branch that holds nothing of its own', async () => {
      await start();
      stage.remote.git('branch', 'bot', 'main');
      stage.remote.commit({ 'README.md': 'text' });
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.1.0' });
    });

    it('find a hold in the base’s history, once a merge was reverted', async () => {
      await start();
      await stage.pass();
      stage.person('main', ['merge', '--no-ff', '-m', 'Merge bot', 'origin/bot']);
      stage.person('main', ['revert', '--no-edit', '-m', '1', 'HEAD']);
      const { branches, pass } = await stage.pass();
      expect(branches).toEqual([]);
      expect(pass.plan.decisions.map(({ reason }) => reason)).toEqual(['Held', 'Held']);
      stage.registry.push('web', '1.2.0');
      await stage.pass();
      expect(stage.tags('bot')).toEqual({ web: '1.2.0', api: '1.0.0' });
    });

    it('of several groups stand on one branch, one on top of the other', async () => {
      await start({ groupBy: 'policy' });
      const { branches, commits } = await stage.pass();
      expect(branches.map(({ group, state }) => [group.name, state])).toEqual([
        ['policy apps/api', 'pushed'],
        ['policy apps/web', 'pushed'],
      ]);
      expect(commits).toHaveLength(2);
      expect(stage.remote.git('log', '--format=%s', 'main..bot')).toBe(
        'Update web to 1.1.0\nUpdate api to 1.1.0',
      );
      expect((await stage.pass()).branches).toMatchObject([
        { state: 'current' },
        { state: 'current' },
      ]);
      stage.registry.push('api', '1.2.0');
      await stage.pass();
      expect(stage.tags('bot')).toEqual({ web: '1.1.0', api: '1.2.0' });
      expect(stage.remote.git('rev-list', '--count', 'main..bot')).toBe('2');
    });

    it('write nothing in a dry run, and say which branch they would write', async () => {
      await start();
      const { branches, commits } = await stage.pass({ dryRun: true });
      expect(branches).toMatchObject([{ branch: 'bot', state: 'planned' }]);
      expect(branches[0]).not.toHaveProperty('commit');
      expect(commits).toEqual([]);
      expect(stage.remote.git('branch', '--list', 'bot')).toBe('');
    });

    it('look again when another writer was quicker', async () => {
      await start();
      await stage.pass();
      stage.registry.push('web', '1.2.0');
      // The other one is the same automation, started a second time by mistake.
      const others = await Promise.all([
        stage.pass(),
        stage.passOfAnother(),
        stage.passOfAnother(),
      ]);
      for (const { branches } of others)
        expect(['pushed', 'current']).toContain(branches[0]?.state);
      expect(stage.tags('bot')).toEqual({ web: '1.2.0', api: '1.1.0' });
      expect(stage.remote.git('rev-list', '--count', 'main..bot')).toBe('1');
      stage.remote.fsck();
    });

    it('never replace what a person pushes in that very moment', async () => {
      await start();
      await stage.pass();
      stage.registry.push('web', '1.2.0');
      let theirs = '';
      stage.server.inject(({ method, url }) => {
        if (method === 'POST' && url.endsWith('git-receive-pack') && theirs === '') {
          theirs = stage.remote.commit({ 'x.yaml': 'x' }, { branch: 'bot' });
        }
        return undefined;
      });
      const { branches } = await stage.pass();
      expect(theirs).not.toBe('');
      expect(branches).toMatchObject([{ state: 'foreign', commit: theirs }]);
      expect(stage.remote.head('bot')).toBe(theirs);
    });

    it('of each group go to a branch of its own, which others leave alone', async () => {
      await start({ push: undefined, pullRequest: { provider: 'gitea' }, groupBy: 'policy' });
      const { branches } = await stage.pass();
      expect(branches).toMatchObject([
        { branch: 'lockkeeper/apps-config-api', state: 'pushed' },
        { branch: 'lockkeeper/apps-config-web', state: 'pushed' },
      ]);
      expect(stage.tags('lockkeeper/apps-config-api')).toEqual({ web: '1.0.0', api: '1.1.0' });
      expect(stage.tags('lockkeeper/apps-config-web')).toEqual({ web: '1.1.0', api: '1.0.0' });
      stage.registry.push('web', '1.2.0');
      stage.remote.commit({ x: 'x' }, { branch: 'lockkeeper/apps-config-api' });
      stage.server.log.length = 0;
      expect((await stage.pass()).branches.map(({ state }) => state)).toEqual([
        'foreign',
        'pushed',
      ]);
      expect(stage.tags('lockkeeper/apps-config-web')).toEqual({ web: '1.2.0', api: '1.0.0' });
    });

    it('of two automations do not fight for one branch', async () => {
      await start();
      await stage.pass();
      const ours = stage.remote.head('bot');
      stage.registry.push('web', '1.2.0');
      const { branches } = await stage.pass({ automation: 'apps/other' });
      expect(branches).toMatchObject([
        {
          state: 'foreign',
          reason: expect.stringContaining('for apps/config, all is not') as string,
        },
      ]);
      expect(stage.remote.head('bot')).toBe(ours);
    });

    it('carry the options of the automation', async () => {
      await start({ push: { branch: 'bot', options: { 'ci.skip': '', topic: 'images' } } });
      stage.remote.git('config', 'receive.advertisePushOptions', 'true');
      stage.remote.hook(
        'pre-receive',
        '#!/bin/sh\ntest "$GIT_PUSH_OPTION_COUNT/$GIT_PUSH_OPTION_0/$GIT_PUSH_OPTION_1" = "2/ci.skip/topic=images"\n',
      );
      expect((await stage.pass()).branches).toMatchObject([{ state: 'pushed' }]);
    });
  },
);
