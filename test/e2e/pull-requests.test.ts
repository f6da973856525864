import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApiGate, type ApiGate } from '../support/forge/api-gate.ts';
import { skipWithoutGitea } from '../support/forge/availability.ts';
import { startGitea, type GiteaServer } from '../support/forge/start-gitea.ts';
import { readFileSync } from 'node:fs';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const START_TIMEOUT_MS = 180_000;
const TEST_TIMEOUT_MS = 90_000;
const BRANCH = 'lockkeeper/apps-config';

/** What these tests read of a pull request. */
interface Pull {
  readonly number: number;
  readonly state: string;
  readonly title: string;
  readonly body: string;
  readonly html_url: string;
  readonly labels: readonly { readonly name: string }[];
  readonly requested_reviewers: readonly { readonly login: string }[] | null;
}

/** What these tests read of the command's JSON. */
interface Report {
  readonly pullRequests: readonly { readonly state: string; readonly url?: string }[];
  readonly held: readonly { readonly reason: string; readonly message: string }[];
  readonly commits: readonly unknown[];
}

describe.skipIf(skipWithoutGitea())('pull requests at a real Gitea', () => {
  let gitea: GiteaServer;
  let gate: ApiGate;
  let registry: TagServer;
  let stage: Stage;
  let repoUrl: string;
  let repo: string;
  let count = 0;

  beforeAll(async () => {
    gitea = await startGitea();
    await gitea.addUser('ana');
    gate = await startApiGate(gitea.url);
    registry = await startTagServer();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await gate?.close();
    await registry?.close();
    await gitea?.stop();
  });

  /** A repo, an image and a folder of configuration of its own for each test; 1.1.0 is newer than what is written. */
  beforeEach(async () => {
    count += 1;
    const name = `config-${count}`;
    registry.push(image(), '1.0.0', '1.1.0');
    repoUrl = await gitea.addRepo(name, {
      'web.yaml': deployment(`${registry.image(image())}:1.0.0`),
    });
    repo = `/repos/${gitea.user}/${name}`;
    await gitea.api('PUT', `${repo}/collaborators/ana`, { permission: 'write' });
    stage = openStage();
    stage.write({
      'secrets/config-repo/username': gitea.user,
      'secrets/config-repo/password': gitea.token,
      'config/policy.yaml': imagePolicy({
        image: registry.image(image()),
        spec: ['insecure: true', 'interval: 1s'],
      }),
      'config/automation.yaml': automation(
        [`url: ${repoUrl}`, 'secretRef: { name: config-repo }'],
        [
          'interval: 1s',
          'pullRequest:',
          '  provider: gitea',
          `  apiUrl: ${gate.url}/api/v1`,
          '  labels: [images]',
          '  reviewers: [ana]',
        ],
      ),
    });
    gate.seen.length = 0;
  });
  afterEach(() => stage.close());

  const image = () => `web-${count}`;

  const ARGS = ['--policies', 'config', '--secrets', 'secrets', '-o', 'json'];
  const argsOf = (...more: readonly string[]) => [
    'update',
    '--repo',
    repoUrl,
    '--branch',
    'main',
    ...ARGS,
    ...more,
  ];

  /** One pass by a process of its own. */
  async function pass(...more: readonly string[]): Promise<Report> {
    const { code, stdout, stderr } = await stage.run(argsOf(...more));
    expect(stderr.split('\n').filter((line) => line.startsWith('error'))).toEqual([]);
    expect(code).toBe(0);
    return JSON.parse(stdout) as Report;
  }

  const pulls = async (): Promise<readonly Pull[]> =>
    (await gitea.api('GET', `${repo}/pulls?state=all&sort=oldest`)) as readonly Pull[];

  const branches = async () =>
    ((await gitea.api('GET', `${repo}/branches`)) as readonly { readonly name: string }[])
      .map(({ name }) => name)
      .toSorted();

  /** What a person does in the browser. */
  const close = (number: number) =>
    gitea.api('PATCH', `${repo}/pulls/${number}`, { state: 'closed' }, 'ana');
  /** After a push Gitea looks for conflicts first; until then it asks to try again later. */
  const merge = (number: number) =>
    until('it is merged', () =>
      gitea.api('POST', `${repo}/pulls/${number}/merge`, { Do: 'merge' }, 'ana').then(
        () => true,
        () => false,
      ),
    );

  const states = ({ pullRequests }: Report) => pullRequests.map(({ state }) => state);
  const writes = () => gate.seen.filter((line) => !line.startsWith('GET '));

  it(
    'live: one is opened, brought up to date in place, merged, and its branch goes',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      expect(states(await pass('--dry-run'))).toEqual(['to-open']);
      expect(writes()).toEqual([]);
      expect(await branches()).toEqual(['main']);

      const opened = await pass();
      const [pull, ...none] = await pulls();
      expect(none).toEqual([]);
      expect(opened.pullRequests).toMatchObject([{ state: 'opened', url: pull?.html_url }]);
      expect(pull).toMatchObject({
        title: `Update ${image()} to 1.1.0`,
        state: 'open',
        labels: [{ name: 'images' }],
        requested_reviewers: [{ login: 'ana' }],
      });
      expect(pull?.body).toContain('| `1.0.0` | `1.1.0` | `apps/web` |');
      expect(pull?.body).toContain('- `web.yaml:11`');
      expect(pull?.body).toMatch(/^Image-Update: apps\/web \S+:1\.0\.0 -> 1\.1\.0$/m);

      gate.seen.length = 0;
      expect(states(await pass())).toEqual(['current']);
      // One list: Gitea's pages end with an empty one.
      expect(gate.seen.map((line) => line.replace(/.*(state=\w+).*(page=\d).*/, '$1 $2'))).toEqual([
        'state=open page=1',
        'state=open page=2',
      ]);

      registry.push(image(), '1.2.0');
      expect(states(await pass())).toEqual(['edited']);
      const [newer, ...others] = await pulls();
      expect(others).toEqual([]);
      expect(newer).toMatchObject({ number: pull?.number, state: 'open' });
      expect(newer?.title).toMatch(/to 1\.2\.0$/);

      await merge(newer?.number ?? 0);
      expect(await branches()).toEqual([BRANCH, 'main']);
      gate.seen.length = 0;
      const settled = await pass();
      expect(settled).toMatchObject({ commits: [], pullRequests: [] });
      expect(writes()).toEqual([]);
      expect(await branches()).toEqual(['main']);
    },
  );

  it(
    'that a person closes are a no to that tag, and not to the next',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      await pass();
      const [first] = await pulls();
      await close(first?.number ?? 0);
      const refused = await pass();
      expect(refused).toMatchObject({ commits: [], pullRequests: [], held: [{ reason: 'Held' }] });
      expect(refused.held[0]?.message).toContain(
        `closed the pull request for 1.1.0 without merging it (${first?.html_url})`,
      );
      expect(await pulls()).toHaveLength(1);

      registry.push(image(), '1.2.0');
      expect(states(await pass())).toEqual(['opened']);
      const [, second] = await pulls();
      expect(second).toMatchObject({ state: 'open' });
      expect(second?.title).toMatch(/to 1\.2\.0$/);
    },
  );

  it(
    'that a person closes are listed as holds, and released in Git, directly or by a merge',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      const run = async (...args: readonly string[]) => {
        const settings = ['--repo', repoUrl, '--policies', 'config', '--secrets', 'secrets'];
        const { code, stdout, stderr } = await stage.run([...args, ...settings]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        return stdout;
      };
      await pass();
      const [first] = await pulls();
      await close(first?.number ?? 0);
      expect(await run('locks')).toMatch(
        new RegExp(
          `\nDeployment apps/web +1.0.0 +1.1.0 +- +20\\S+Z +${first?.html_url} +web.yaml:11\n$`,
        ),
      );
      await run('release', 'Deployment/web', '--push-branch', 'let-it');
      expect(await pass()).toMatchObject({ held: [{ reason: 'Held' }] });
      // It changes no file; forges merge that all the same.
      const opened = (await gitea.api('POST', `${repo}/pulls`, {
        head: 'let-it',
        base: 'main',
        title: 'Let it',
      })) as Pull;
      await merge(opened.number);
      expect(await run('locks')).toBe('nothing is locked\n');
      expect(states(await pass())).toEqual(['opened']);

      const second = (await pulls()).find(({ state }) => state === 'open');
      expect(second?.number).toBeGreaterThan(opened.number);
      await close(second?.number ?? 0);
      expect(await pass()).toMatchObject({ held: [{ reason: 'Held' }] });
      expect(await run('release', 'ImagePolicy/web')).toMatch(
        /^released web\.yaml:11 \(apps\/web\): 1\.1\.0 may be proposed again\ncommit [0-9a-f]{12}\n$/,
      );
      expect(states(await pass())).toEqual(['opened']);
    },
  );

  it('that a person reopens are taken up again', { timeout: TEST_TIMEOUT_MS }, async () => {
    await pass();
    const [first] = await pulls();
    await close(first?.number ?? 0);
    await pass();
    await gitea.api('PATCH', `${repo}/pulls/${first?.number}`, { state: 'open' }, 'ana');
    expect(states(await pass())).toEqual(['current']);
  });

  it(
    'that a killed process left out are opened by the next one, once',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      const came = gate.hold(/^POST .*\/pulls$/);
      const killed = stage.start(argsOf());
      await came;
      killed.process.kill('SIGKILL');
      await killed.ended;
      expect(await branches()).toEqual([BRANCH, 'main']);
      expect(await pulls()).toEqual([]);

      const next = await pass();
      expect(next.commits).toEqual([]);
      expect(states(next)).toEqual(['opened']);
      expect(states(await pass())).toEqual(['current']);
      expect(await pulls()).toHaveLength(1);
    },
  );

  it(
    'whose change is no longer wanted are closed, which refuses nothing',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      await pass();
      // Somebody was quicker, by a commit of their own.
      await gitea.api('POST', `${repo}/contents`, {
        branch: 'main',
        message: 'by hand',
        files: [
          {
            operation: 'update',
            path: 'web.yaml',
            sha: ((await gitea.api('GET', `${repo}/contents/web.yaml`)) as { readonly sha: string })
              .sha,
            content: Buffer.from(deployment(`${registry.image(image())}:1.1.0`)).toString('base64'),
          },
        ],
      });
      expect(states(await pass())).toEqual(['closed']);
      expect(await pulls()).toMatchObject([{ state: 'closed' }]);
      expect(await branches()).toEqual(['main']);
      expect(await pass()).toMatchObject({ pullRequests: [], held: [] });
    },
  );

  it('are kept by a service, whose state tells of them', { timeout: TEST_TIMEOUT_MS }, async () => {
    const cli = stage.start(
      'run --standalone --config config --secrets secrets --state-dir state --listen 127.0.0.1:0'.split(
        ' ',
      ),
    );
    const state = () => readFileSync(stage.path('state/status.json'), 'utf8');
    await until('there is a pull request', async () => (await pulls()).length === 1);
    const [pull] = await pulls();
    await until('the state tells of it', () => state().includes(`"${pull?.html_url}"`));
    await close(pull?.number ?? 0);
    await until('the state tells of the hold', () => state().includes('"pullRequest"'));
    registry.push(image(), '1.2.0');
    await until('the next one is there', async () => (await pulls()).length === 2);
    cli.process.kill('SIGTERM');
    expect((await cli.ended).code).toBe(0);
  });
});
