import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const GIT_LOGIN = { username: 'bot', password: 'git-Pa$$w0rd-4711' };

/** A cron expression fires at full minutes. */
const CRON_TIMEOUT_MS = 80_000;

const isMissing = !hasTool('git-http-backend') || skipWithout('docker-registry');

describe.skipIf(isMissing)('run --standalone', () => {
  let stage: Stage;
  let remote: RemoteRepo;
  let server: GitHttpServer;
  let registry: RunningRegistry;
  let cli: RunningCli;
  let url: string;

  beforeAll(async () => {
    stage = openStage();
    remote = createRemote(stage.path('remotes/config.git'));
    server = await startGitHttpServer({ root: stage.path('remotes'), basic: GIT_LOGIN });
    registry = await startRegistry({ kind: 'docker-registry', auth: 'htpasswd' });
    const names = ['web', 'nightly', 'later'];
    for (const name of names) await registry.pushTags(`team/${name}`, ['1.0.0']);
    remote.commit(
      Object.fromEntries(names.map((name) => [`${name}.yaml`, deployment(image(name), name)])),
    );
    stage.write({
      'secrets/registry-login/username': registry.username,
      'secrets/registry-login/password': registry.password,
      'secrets/git-login/username': GIT_LOGIN.username,
      'secrets/git-login/password': GIT_LOGIN.password,
      'config/automation.yaml': automation([
        `url: ${server.url('config.git')}`,
        'secretRef: {name: git-login}',
      ]),
      'config/web.yaml': policy('web', 'interval: 1s'),
      'config/nightly.yaml': policy('nightly', 'schedule: {cron: "* * * * *"}'),
    });
    cli = start('config', '.cache');
    const [, address] = await cli.waitFor('stderr', /"url":"(http:[^"]+)"/);
    url = address ?? '';
  });
  afterAll(async () => {
    await stage.close();
    await server.close();
    await registry.stop();
  });

  const image = (name: string) => `${registry.host}/team/${name}:1.0.0`;
  const policy = (name: string, timing: string) =>
    imagePolicy({
      name,
      image: `${registry.host}/team/${name}`,
      spec: ['insecure: true', 'secretRef: {name: registry-login}', timing],
    });
  const start = (config: string, cache: string) => {
    const state = `${cache}/state`;
    const args = `run --standalone --config ${config} --secrets secrets --state-dir ${state} --listen 127.0.0.1:0 --log-level debug`;
    return stage.start(args.split(' '), { env: { LOCKKEEPER_CACHE_DIR: stage.path(cache) } });
  };

  it('turns a new tag into a commit', async () => {
    await until('the first pass is done', () => server.log.length > 0);
    await registry.pushTags('team/web', ['1.1.0']);
    await until('web is at 1.1.0', () => remote.read('web.yaml').includes(':1.1.0 #'));
    expect(remote.git('log', '-1', '--format=%an: %s', 'main')).toBe(
      'Lockkeeper: Update web to 1.1.0',
    );
  });

  it('keeps its status in a file', async () => {
    await until('the status tells of the push', () => readStatus().lastPush !== undefined);
    expect(readStatus()).toMatchObject({
      ready: true,
      lastPush: { commit: remote.head(), subject: 'Update web to 1.1.0' },
    });
  });

  it.each(['healthz', 'readyz'])('answers /%s', async (path) => {
    const response = await fetch(`${url}/${path}`);
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
  });

  it('serves metrics that Prometheus can read', async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text.split('\n').filter((line) => !PROMETHEUS_LINE.test(line))).toEqual([]);
    expect(text).toMatch(/^lockkeeper_commits_total\{automation="apps\/config"\} 1$/m);
    expect(text).toMatch(
      /^lockkeeper_registry_requests_total\{host="127.0.0.1:\d+",asked="registry",status="200"\} [1-9]\d*$/m,
    );
  });

  it('reports a broken config once, and goes on with the former one', async () => {
    stage.write({ 'config/later.yaml': policy('later', 'intervall: 1s') });
    await cli.waitFor('stderr', /resources are invalid/);
    await registry.pushTags('team/web', ['1.2.0']);
    await until('web is at 1.2.0', () => remote.read('web.yaml').includes(':1.2.0 #'));
    const reported = logLines(await outputSoFar(cli)).filter(({ code }) => code !== undefined);
    expect(reported).toMatchObject([
      { level: 'warn', code: 'marker/unknown-policy', at: { path: 'later.yaml', line: 11 } },
      { level: 'error', code: 'resource/invalid', at: { path: 'config/later.yaml', line: 13 } },
    ]);
  });

  it('takes up a config that was edited', async () => {
    await registry.pushTags('team/later', ['1.1.0']);
    stage.write({ 'config/later.yaml': policy('later', 'interval: 1s') });
    await until('a commit follows', () =>
      remote.git('log', '--format=%s').includes('later to 1.1.0'),
    );
    expect(remote.read('later.yaml')).toContain(':1.1.0 #');
  });

  it(
    'scans at the minutes that a cron expression names',
    async () => {
      await registry.pushTags('team/nightly', ['1.1.0']);
      const moved = () => remote.read('nightly.yaml').includes(':1.1.0 #');
      await until('nightly is at 1.1.0', moved, { patienceMs: CRON_TIMEOUT_MS });
      const seconds = Number(remote.git('log', '-1', '--format=%ct', '--', 'nightly.yaml')) % 60;
      expect(seconds).toBeLessThan(15);
    },
    CRON_TIMEOUT_MS,
  );

  it('ends at SIGTERM while idle', async () => {
    const asked = Date.now();
    cli.process.kill('SIGTERM');
    expect(await cli.ended).toMatchObject({ code: 0, stdout: '' });
    expect(Date.now() - asked).toBeLessThan(5_000);
  });

  it('ends the push that is under way at SIGTERM', async () => {
    await registry.pushTags('team/web', ['1.3.0']);
    server.inject(({ method, url: asked }) =>
      method === 'POST' && asked.endsWith('receive-pack') ? { kind: 'slow', ms: 2_000 } : undefined,
    );
    const other = start('config', '.other');
    await until('a push is under way', () =>
      server.log.some(({ method, url: asked, status }) => {
        return method === 'POST' && asked.endsWith('receive-pack') && status === 0;
      }),
    );
    other.process.kill('SIGTERM');
    expect(await other.ended).toMatchObject({ code: 0 });
    expect(remote.read('web.yaml')).toContain(':1.3.0 #');
    remote.fsck();
  });

  it('logs one JSON object a line', async () => {
    const { stderr } = await cli.ended;
    for (const line of logLines(stderr))
      expect(line).toMatchObject({ level: expect.any(String), msg: expect.any(String) });
  });

  it('lets no secret out', async () => {
    const { stderr, stdout } = await cli.ended;
    const kept = ['.cache', '.other'].flatMap((folder) => filesBelow(stage.path(folder)));
    expect(kept.some(({ path }) => path.endsWith('status.json'))).toBe(true);
    const written = [
      { path: 'output', text: stderr + stdout },
      { path: 'commits', text: remote.git('log', '-p', '--format=raw') },
      ...kept,
    ];
    const basic = (user: string, password: string) =>
      Buffer.from(`${user}:${password}`).toString('base64');
    for (const secret of [
      registry.password,
      GIT_LOGIN.password,
      basic(registry.username, registry.password),
      basic(GIT_LOGIN.username, GIT_LOGIN.password),
    ])
      expect(written.filter(({ text }) => text.includes(secret)).map(({ path }) => path)).toEqual(
        [],
      );
  });

  function readStatus(): { readonly lastPush?: unknown } {
    const text = readFileSync(stage.path('.cache/state/status.json'), 'utf8');
    return (JSON.parse(text) as Record<string, object>)['apps/config'] ?? {};
  }
});

/** Prometheus text exposition format 0.0.4: a comment, a sample, or the empty last line. */
const PROMETHEUS_LINE =
  /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? [-+0-9.e]+|)$/;

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly code?: string;
  readonly at?: unknown;
}

function logLines(stderr: string): readonly LogLine[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

/** What a running command has written to stderr by now; a moment later, so that repetitions show. */
async function outputSoFar(cli: RunningCli): Promise<string> {
  await delay(500);
  const [text] = await cli.waitFor('stderr', /[^]*\n/);
  return text;
}

function filesBelow(folder: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, 'latin1') }));
}
