import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeAppKey, startGitHub, type GitHub, type GitHubState } from '../support/git/github.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const isMissing = !hasTool('git-http-backend') || skipWithout('openssl');

describe.skipIf(isMissing).each(['native', 'isomorphic'])('a GitHub App (%s)', (engine) => {
  let stage: Stage;
  let remote: RemoteRepo;
  let github: GitHub;
  let fresh: GitHubState;
  let registry: TagServer;
  beforeAll(async () => {
    stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine });
    registry = await startTagServer({ web: ['1.0.0'] });
    remote = createRemote(stage.path('remotes/org/config.git'));
    remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
    github = await startGitHub(stage.path('remotes'), makeAppKey());
    fresh = { ...github.state };
    stage.write({
      'config/policy.yaml': imagePolicy({
        image: registry.image('web'),
        spec: ['insecure: true', 'interval: 1s'],
      }),
      'config/automation.yaml': automation([
        `url: ${github.server.url('org/config.git')}`,
        'provider: github',
        'secretRef: {name: app}',
      ]),
    });
    keepSecret({ githubAppInstallationOwner: 'org' });
  });
  afterEach(() => {
    Object.assign(github.state, fresh);
  });
  afterAll(async () => {
    await stage.close();
    await github.close();
    await registry.close();
  });

  function keepSecret(more: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(github.secret(more)))
      stage.write({ [`secrets/apps/app/${key}`]: value });
  }

  /** Updates the repo after a new tag; what was said, and what the repo then holds. */
  async function update(tag: string) {
    registry.push('web', tag);
    const url = github.server.url('org/config.git');
    const args = ['update', '--repo', url, '--policies', 'config', '--secrets', 'secrets'];
    const { code, stderr } = await stage.run(args);
    return { code, stderr, text: remote.read('web.yaml') };
  }

  it('reads and writes with one token', async () => {
    const before = github.tokens.length;
    const { code, stderr, text } = await update('1.1.0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text).toContain(':1.1.0 #');
    expect(github.tokens).toHaveLength(before + 1);
  });

  it('logs in who locks with its automation’s settings', async () => {
    const before = github.tokens.length;
    const repo = ['--repo', github.server.url('org/config.git')];
    const settings = [...repo, '--policies', 'config', '--secrets', 'secrets'];
    for (const command of ['lock', 'unlock']) {
      const { code, stderr } = await stage.run([command, 'Deployment/web', ...settings]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    expect(remote.git('log', '-2', '--format=%s', 'main').split('\n')).toEqual([
      'Unlock Deployment apps/web',
      'Lock Deployment apps/web',
    ]);
    expect(github.tokens).toHaveLength(before + 2);
  });

  it('gets another token where the first ends in mid-run, and loses nothing', async () => {
    const before = github.tokens.length;
    let isFirst = true;
    github.state.intercept = ({ url }) => {
      if (isFirst && url.includes('git-receive-pack')) {
        isFirst = false;
        github.revoke();
      }
      return undefined;
    };
    const { code, stderr, text } = await update('1.2.0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text).toContain(':1.2.0 #');
    expect(github.tokens).toHaveLength(before + 2);
  });

  it('that is suspended changes nothing, and is told in one line', async () => {
    github.state.isSuspended = true;
    const { code, stderr, text } = await update('1.3.0');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: installation 34 of GitHub App 12 is suspended: have its owner lift that\n',
    });
    expect(text).toContain(':1.2.0 #');
  });

  it('keeps the standalone controller going when its tokens live for a second', async () => {
    github.state.tokenLifeMs = 1000;
    const cli = stage.start(
      'run --standalone --config config --secrets secrets --listen 127.0.0.1:0'.split(' '),
    );
    for (const tag of ['1.4.0', '1.5.0']) {
      const before = github.tokens.length;
      registry.push('web', tag);
      await until(`web is at ${tag}`, () => remote.read('web.yaml').includes(`:${tag} #`));
      await until('there is a new token', () => github.tokens.length > before);
    }
    cli.process.kill('SIGTERM');
    const { code, stderr } = await cli.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/"level":"(warn|error)"|planted/);
  });

  it('opens a pull request with the token that it reads and writes with', async () => {
    const url = github.server.url('org/config.git');
    const asked: string[] = [];
    github.state.intercept = ({ method, url: path, authorization }) => {
      const [, place] = /^\/api\/v3\/repos\/org\/config(\/\w+)/.exec(path) ?? [];
      if (place === undefined) return undefined;
      const isRight = authorization === `Bearer ${github.tokens.at(-1)}`;
      asked.push(`${method} ${place}`);
      const pull = {
        number: 7,
        html_url: 'https://github.example.com/org/config/pull/7',
        node_id: 'PR_7',
        title: 'Update',
        body: '',
        state: 'open',
        head: { ref: 'images', repo: { id: 1 } },
        base: { repo: { id: 1 } },
      };
      const [status, body] = method === 'POST' ? [201, pull] : [200, []];
      return { kind: 'answer', status: isRight ? status : 401, body: JSON.stringify(body) };
    };
    stage.write({
      'config/automation.yaml': automation(
        [`url: ${url}`, 'provider: github', 'secretRef: {name: app}'],
        ['pullRequest: {provider: github, branch: images}'],
      ),
    });
    const before = github.tokens.length;
    const { code, stderr } = await update('2.0.0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(asked).toContain('POST /pulls');
    expect(github.tokens).toHaveLength(before + 1);
    expect(remote.git('show', 'images:web.yaml')).toContain(':2.0.0 #');
  });
});
