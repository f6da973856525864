import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { updateOnce, type UpdateRequest } from '../../src/app/update/update-once.ts';
import { compose } from '../../src/compose/ports.ts';
import { readConfig } from '../../src/config.ts';
import type { AppError } from '../../src/domain/errors.ts';
import { commitInBrowser, type CommitMaker } from '../support/git/github-commits.ts';
import { makeAppKey, startGitHub, type GitHub, type GitHubState } from '../support/git/github.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { makeOpenPgpKey, verifyCommit, type TestKey } from '../support/git/signing-keys.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const isMissing = !(['git-http-backend', 'gpg'] as const).every(hasTool) || skipWithout('openssl');
const TEST_TIMEOUT_MS = 60_000;
const SETTINGS = ['--policies', 'config', '--secrets', 'secrets'];

describe.skipIf(isMissing).each(['native', 'isomorphic'])(
  'commits that GitHub signs (%s)',
  { timeout: TEST_TIMEOUT_MS },
  (engine) => {
    let stage: Stage;
    let remote: RemoteRepo;
    let github: GitHub;
    let fresh: GitHubState;
    let key: TestKey;
    let maker: CommitMaker;
    let registry: TagServer;
    let repos = 0;
    let repo = '';

    beforeAll(async () => {
      stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine });
      github = await startGitHub(stage.path('remotes'), makeAppKey());
      fresh = { ...github.state };
      key = makeOpenPgpKey(stage.path('key'));
      for (const [name, value] of Object.entries(github.secret()))
        stage.write({ [`secrets/apps/app/${name}`]: value });
    });
    beforeEach(async () => {
      repos += 1;
      repo = `org/config-${repos}`;
      remote = createRemote(stage.path(`remotes/${repo}.git`));
      registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      remote.commit({
        'apps/web.yaml': { executable: deployment(`${registry.image('web')}:1.0.0`) },
        'README.md': 'Ü',
      });
      maker = { key, alter: (content) => content, asked: [] };
      Object.assign(github.state, fresh, { commits: maker });
      configure();
    });
    afterEach(() => registry.close());
    afterAll(async () => {
      execFileSync('gpgconf', ['--homedir', stage.path('key'), '--kill', 'all']);
      await stage.close();
      await github.close();
    });

    const urlOf = () => github.server.url(`${repo}.git`);

    function configure(...spec: readonly string[]): void {
      stage.write({
        'config/policy.yaml': imagePolicy({
          image: registry.image('web'),
          spec: ['insecure: true', 'interval: 1s'],
        }),
        'config/automation.yaml': automation(
          [`url: ${urlOf()}`, 'provider: github', 'secretRef: {name: app}'],
          ['interval: 1s', 'commit: {signedBy: github}', ...spec],
        ),
      });
    }

    /** What `lockkeeper update --repo` does, without a process of its own. */
    async function update() {
      const ports = await compose(
        readConfig({
          PATH: process.env['PATH'],
          LOCKKEEPER_CACHE_DIR: stage.path('.cache'),
          LOCKKEEPER_GIT_ENGINE: engine,
          LOCKKEEPER_SECRETS_DIR: stage.path('secrets'),
        }),
      );
      const request: UpdateRequest = {
        target: { kind: 'remote', url: urlOf(), branch: 'main' },
        policies: [stage.path('config')],
        update: {},
        ignoreWindows: false,
        dryRun: false,
        commit: false,
      };
      try {
        return await updateOnce(ports, request, new AbortController().signal);
      } finally {
        await ports.close();
      }
    }

    /** Calls back before the first push is served. */
    function beforePush(act: () => void): void {
      let isFirst = true;
      github.state.intercept = ({ method, url }) => {
        if (isFirst && method === 'POST' && url.includes('git-receive-pack')) {
          isFirst = false;
          act();
        }
        return undefined;
      };
    }

    const tagOf = (branch = 'main') =>
      /image: \S+:(\S+)/.exec(remote.read('apps/web.yaml', branch))?.[1];
    const made = () => maker.asked.filter((asked) => Object.hasOwn(asked as object, 'message'));

    it('are verified by git, of the App’s bot, and keep modes and bytes', async () => {
      const parent = remote.head();
      const args = ['update', '--repo', urlOf(), ...SETTINGS];
      expect(await stage.run(args)).toMatchObject({ code: 0, stderr: '' });
      expect(tagOf()).toBe('1.1.0');
      expect(verifyCommit(remote.path, 'main', key)).toEqual({ isGood: true, words: '' });
      expect(remote.git('log', '-1', '--format=%P|%an|%ae|%cn|%ce')).toBe(
        `${parent}|lockkeeper[bot]|77+lockkeeper[bot]@users.noreply.github.com|GitHub|noreply@github.com`,
      );
      expect(remote.git('diff-tree', '-r', 'main^', 'main')).toMatch(
        /^:100755 100755 \w+ \w+ M\tapps\/web\.yaml$/m,
      );
      expect(remote.git('log', '-1', '--format=%B')).toMatch(/^Image-Update: apps\/web \S+ -> /m);
      remote.fsck();
    });

    it('are made again where a push lost a race', async () => {
      let theirs = '';
      beforePush(() => {
        theirs = remote.commit({ 'README.md': 'theirs' });
      });
      expect((await update()).commits).toMatchObject([{ id: remote.head() }]);
      expect(remote.git('rev-parse', 'main^')).toBe(theirs);
      expect(tagOf()).toBe('1.1.0');
      expect(verifyCommit(remote.path, 'main', key).isGood).toBe(true);
      expect(made()).toHaveLength(2);
    });

    it('make a branch of ours anew, which a person’s commit in the browser takes out of our hands', async () => {
      configure('push: {branch: bot}');
      await update();
      expect(verifyCommit(remote.path, 'bot', key).isGood).toBe(true);
      const text = remote.read('apps/web.yaml');
      const base = remote.commit({ 'apps/web.yaml': { executable: `${text}# more\n` } });
      expect((await update()).branches).toMatchObject([{ branch: 'bot', state: 'pushed' }]);
      expect(remote.git('rev-parse', 'bot^')).toBe(base);
      expect(verifyCommit(remote.path, 'bot', key).isGood).toBe(true);
      const message = remote.git('log', '-1', '--format=%B', 'bot');
      const edited = { branch: 'bot', path: 'apps/web.yaml', text: `${text}# mine\n`, message };
      const theirs = commitInBrowser(remote.path, edited);
      remote.commit({ 'apps/web.yaml': { executable: `${text}# and more\n` } });
      const reason = `the branch bot is left alone: commit ${theirs.slice(0, 12)} by Ana`;
      expect((await update()).branches).toMatchObject([
        { state: 'foreign', reason: expect.stringContaining(reason) as string },
      ]);
      expect(remote.head('bot')).toBe(theirs);
    });

    it('are not made again once a person has reverted one in the browser', async () => {
      const text = remote.read('apps/web.yaml');
      await update();
      const theirs = commitInBrowser(remote.path, {
        branch: 'main',
        path: 'apps/web.yaml',
        text,
        message: `Revert "${remote.git('log', '-1', '--format=%B').replace('\n', '"\n')}`,
      });
      const { commits, pass } = await update();
      expect({ commits, head: remote.head() }).toEqual({ commits: [], head: theirs });
      const by = 'Ana <5+ana@users.noreply.github.com>';
      expect(pass.plan.decisions).toMatchObject([
        { hold: { rejected: '1.1.0', by, commit: theirs } },
      ]);
      // A commit that changes no file is signed, too.
      const lift = ['release', 'Deployment/web', '-n', 'apps', '--repo', urlOf()];
      const { code } = await stage.run([...lift, ...SETTINGS]);
      expect({ code, parent: remote.git('rev-parse', 'main^') }).toEqual({
        code: 0,
        parent: theirs,
      });
      expect(verifyCommit(remote.path, 'main', key).isGood).toBe(true);
      expect((await update()).commits).toHaveLength(1);
    });

    it('go to pull requests', async () => {
      configure('pullRequest: {provider: github, branch: images}');
      const opened: string[] = [];
      github.state.intercept = ({ method, url }) => {
        if (!/\/pulls\b/.test(url)) return undefined;
        if (method === 'POST') opened.push(remote.head('images'));
        const pull = {
          number: 7,
          html_url: 'https://github.example.com/org/config/pull/7',
          node_id: 'PR_7',
          title: 'Update',
          state: 'open',
          head: { ref: 'images', repo: { id: 1 } },
          base: { repo: { id: 1 } },
        };
        const [status, body] = method === 'POST' ? [201, pull] : [200, []];
        return { kind: 'answer', status, body: JSON.stringify(body) };
      };
      expect((await update()).pullRequests).toMatchObject([{ branch: 'images', state: 'opened' }]);
      expect(opened).toEqual([remote.head('images')]);
      expect(verifyCommit(remote.path, 'images', key).isGood).toBe(true);
      expect(tagOf()).toBe('1.0.0');
    });

    it.each([
      {
        name: 'GitHub signs nothing',
        fail: () => {
          maker.key = undefined;
        },
        said: 'GitHub made the commit without a signature that it verifies (unsigned); nothing was pushed.',
      },
      {
        name: 'GitHub writes another content',
        fail: () => {
          maker.alter = (content) => content.replace('1.1.0', '6.6.6');
        },
        said: 'of the changed files, and not ',
      },
    ])('are not pushed where $name, and one line says so', async ({ fail, said }) => {
      const head = remote.head();
      fail();
      const message: unknown = await update().catch((error: AppError) => error.message);
      expect(message).toContain(said);
      expect(message).not.toMatch(/\n|planted/);
      expect(remote.head()).toBe(head);
    });

    it('are made with another token where the first one was taken back', async () => {
      let isFirst = true;
      github.state.intercept = ({ url }) => {
        if (isFirst && url.endsWith('/git/trees')) {
          isFirst = false;
          github.revoke();
        }
        return undefined;
      };
      expect((await update()).commits).toHaveLength(1);
      expect(verifyCommit(remote.path, 'main', key).isGood).toBe(true);
    });

    it('are what the controller makes', async () => {
      const args = 'run --standalone --config config --secrets secrets --listen 127.0.0.1:0';
      const cli = stage.start(args.split(' '));
      for (const tag of ['1.1.0', '1.2.0']) {
        registry.push('web', tag);
        await until(`web is at ${tag}`, () => tagOf() === tag);
        expect(verifyCommit(remote.path, 'main', key).isGood).toBe(true);
      }
      cli.process.kill('SIGTERM');
      const { code, stderr } = await cli.ended;
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/"level":"(warn|error)"|planted/);
    });
  },
);
