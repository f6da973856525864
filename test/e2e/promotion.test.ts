import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git, type RemoteRepo, type TestFiles } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { until } from './patience.ts';
import { automationIn, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const HOUR_MS = 60 * 60 * 1_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);

/** The policies that `docs/promotion.md` shows, for another repository. */
function documentedPolicies(image: string): string {
  const page = readFileSync(join(ROOT, 'docs/promotion.md'), 'utf8');
  const [, yaml = ''] = /^```yaml\n([^]*?)^```$/m.exec(page) ?? [];
  expect(yaml.match(/image: ghcr\.io\/stefanprodan\/podinfo\n/g)).toHaveLength(2);
  return yaml.replaceAll(
    'image: ghcr.io/stefanprodan/podinfo\n',
    `image: ${image}\n  insecure: true\n`,
  );
}

const isMissing = !hasTool('git-http-backend') || skipWithout('docker-registry');

describe.skipIf(isMissing)('promotion', () => {
  let stage: Stage;
  let server: GitHttpServer;
  let registry: RunningRegistry;
  let digests: ReadonlyMap<string, string>;
  let count = 0;

  beforeAll(async () => {
    stage = openStage();
    server = await startGitHttpServer({ root: stage.path('remotes') });
    registry = await startRegistry({ kind: 'docker-registry' });
    digests = await registry.pushTags('team/podinfo', ['6.1.0', '6.2.0']);
  });
  afterAll(async () => {
    await stage.close();
    await server.close();
    await registry.stop();
  });

  const image = (target: string) => `${registry.host}/team/podinfo:${target}`;
  const at = (policy: string, target: string) => deployment(image(target), policy);
  const held = (remote: RemoteRepo, path: string) =>
    /podinfo:(\S+)/.exec(remote.read(path))?.[1] ?? '';
  const newRepo = () => {
    const name = `config-${(count += 1)}`;
    const remote = createRemote(stage.path(`remotes/${name}.git`));
    return { remote, url: server.url(`${name}.git`) };
  };

  /** A repo as the docs have it, whose staging a person moved to 6.2.0 so long ago. */
  function documentedRepo(movedAt: Date, files: TestFiles = {}) {
    const { remote, url } = newRepo();
    remote.commit(
      {
        'policies.yaml': documentedPolicies(`${registry.host}/team/podinfo`),
        'staging/web.yaml': at('staging', '6.1.0'),
        'production/web.yaml': at('production', '6.1.0'),
        ...files,
      },
      { time: ago(50) },
    );
    remote.commit({ 'staging/web.yaml': at('staging', '6.2.0') }, { time: movedAt });
    return { remote, url };
  }

  describe.each(['native', 'isomorphic'])('by `update` in CI (%s)', (engine) => {
    function documented(movedAt: Date, files: TestFiles = {}) {
      const { remote, url } = documentedRepo(movedAt, files);
      /** One run on a machine that knows nothing. */
      const update = async () => {
        const cache = stage.path(`cache-${(count += 1)}`);
        const env = { LOCKKEEPER_CACHE_DIR: cache, LOCKKEEPER_GIT_ENGINE: engine };
        return stage.run(['update', '--repo', url], { env });
      };
      return { remote, update };
    }

    it('takes what has soaked, by the times of its commits', async () => {
      const { remote, update } = documented(ago(1.5));
      expect(await update()).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^updated production\/web\.yaml:\d+ \S+ 6\.1\.0 -> 6\.2\.0 /),
      });
      expect(held(remote, 'production/web.yaml')).toBe('6.2.0');
    });

    it('waits for what soaks, and says until when', async () => {
      const movedAt = ago(0.5);
      const { remote, update } = documented(movedAt);
      const time = (date: Date) =>
        new Date(Math.floor(date.getTime() / 1_000) * 1_000).toISOString().replace('.000', '');
      const [since, end] = [movedAt, new Date(movedAt.getTime() + HOUR_MS)].map(time);
      expect(await update()).toMatchObject({
        code: 0,
        stdout:
          `waiting apps/production: 6.2.0 soaks in apps/staging until ${end}; all its locations hold it since ${since}\n` +
          'nothing to do: 2 locations checked\n',
      });
      expect(held(remote, 'production/web.yaml')).toBe('6.1.0');
    });

    it('takes nothing that was taken back', async () => {
      const { remote, update } = documented(ago(5));
      // A lock keeps staging where it was taken back to.
      const locked = at('staging', '6.1.0').replace('"}', '", "lock": true}');
      remote.commit({ 'staging/web.yaml': locked });
      expect(await update()).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('(apps/production): 6.1.0 soaks in apps/staging until'),
      });
      expect(held(remote, 'production/web.yaml')).toBe('6.1.0');
      expect(held(remote, 'staging/web.yaml')).toBe('6.1.0');
    });

    it('takes nothing while a file does not parse', async () => {
      const { remote, update } = documented(ago(5), {
        'staging/api.yaml': `${at('staging', '6.2.0')}  broken: [`,
      });
      expect(await update()).toMatchObject({
        code: 1,
        stdout: expect.stringContaining(
          '(apps/production): nobody knows what apps/staging runs: this run: staging/api.yaml:',
        ),
      });
      expect(held(remote, 'production/web.yaml')).toBe('6.1.0');
    });
  });

  describe('by `update` in a folder', () => {
    /** A clone, or what else a user may make of the remote. */
    const folder = (make: (url: string, path: string) => void, movedAt = ago(1.5)) => {
      const { remote } = documentedRepo(movedAt);
      remote.commit({ 'notes.md': 'x' }, { time: ago(0.25) });
      const path = stage.path(`folder-${(count += 1)}`);
      make(`file://${remote.path}`, path);
      return path;
    };
    const clone = (...options: readonly string[]) =>
      folder((url, path) => git(stage.folder, ['clone', '--quiet', ...options, url, path]));
    const tag = (path: string) =>
      /podinfo:(\S+)/.exec(readFileSync(join(path, 'production/web.yaml'), 'utf8'))?.[1];

    it('takes what has soaked, by the commits that a clone has', async () => {
      const path = clone();
      expect(await stage.run(['update', path, '--commit'])).toMatchObject({ code: 0 });
      expect(tag(path)).toBe('6.2.0');
      expect(git(path, ['log', '-1', '--format=%s'])).toContain('6.2.0');
    });

    it('counts what is not committed from now', async () => {
      const path = clone();
      writeFileSync(join(path, 'staging/api.yaml'), at('staging', '6.2.0'));
      expect(await stage.run(['update', path])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^held production\/web\.yaml:\d+ \(apps\/production\): 6\.2\.0 soaks in /,
        ),
      });
      expect(tag(path)).toBe('6.1.0');
    });

    it('knows of a shallow clone where its history ends, and says so', async () => {
      const path = clone('--depth=1');
      const { code, stdout, stderr } = await stage.run(['update', path]);
      expect(code).toBe(0);
      expect(`${stdout}${stderr}`).toMatch(
        /the history at hand begins at \S+ \(a shallow clone\?\)/,
      );
      expect(tag(path)).toBe('6.1.0');
    });

    it('says why nobody knows since when, in a folder that is no clone', async () => {
      const path = folder((url, to) => {
        git(stage.folder, ['clone', '--quiet', url, to]);
        rmSync(join(to, '.git'), { recursive: true });
      });
      expect(await stage.run(['update', path])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(
          `(apps/production): nobody knows since when apps/staging runs what it does: ${path} is not in a Git work tree; \`update --repo\` reads the history of a remote`,
        ),
      });
      expect(tag(path)).toBe('6.1.0');
    });
  });

  describe('by the controller without a cluster, from one repo to another', () => {
    it('takes the very image that has soaked, at the time that it was told', async () => {
      const [staging, production] = [newRepo(), newRepo()];
      const policy = (name: string, ...spec: readonly string[]) =>
        imagePolicy({
          name,
          image: `${registry.host}/team/podinfo`,
          spec: ['insecure: true', 'interval: 1h', 'digestReflectionPolicy: Always', ...spec],
        });
      staging.remote.commit({ 'web.yaml': at('staging', `6.1.0@${digests.get('6.1.0')}`) });
      production.remote.commit({ 'web.yaml': at('production', `6.1.0@${digests.get('6.1.0')}`) });
      stage.write({
        'config/policies.yaml': [
          policy('staging'),
          policy('production', 'promoteFrom: {policy: staging, soak: 3s}'),
        ].join('---\n'),
        'config/automations.yaml': [
          automationIn('apps', ['interval: 10m', `git: {url: "${staging.url}"}`], 'staging'),
          automationIn('apps', ['interval: 10m', `git: {url: "${production.url}"}`], 'production'),
        ].join('---\n'),
      });
      const args = 'run --standalone --config config --state-dir state --listen 127.0.0.1:0';
      const cli = stage.start(args.split(' '));
      const target = `6.2.0@${digests.get('6.2.0')}`;
      const isThere = ({ remote }: { remote: RemoteRepo }) => held(remote, 'web.yaml') === target;
      await until('staging has it', () => isThere(staging));
      await until('production has it', () => isThere(production));
      const timeOf = ({ remote }: { remote: RemoteRepo }) =>
        Number(remote.git('log', '-1', '--format=%ct', 'main'));
      expect(timeOf(production) - timeOf(staging)).toBeGreaterThanOrEqual(3);
      cli.process.kill('SIGTERM');
      expect(await cli.ended).toMatchObject({ code: 0 });
    });
  });
});
