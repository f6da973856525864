import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runController } from '../../src/app/controller/controller.ts';
import { compose } from '../../src/compose/ports.ts';
import { readConfig } from '../../src/config.ts';
import { type GitHttpServer, startGitHttpServer } from '../support/git/http-server.ts';
import { makeAppKey, startGitHub, type GitHub } from '../support/git/github.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { startSshServer } from '../support/git/sshd.ts';
import { hasTool } from '../support/git/tools.ts';
import { MemoryCluster } from '../support/memory-cluster.ts';
import { startConnectProxy } from '../support/proxy/connect-proxy.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { makeCertificate } from '../support/registry/certificate.ts';
import { startLoopback } from '../support/registry/loopback.ts';
import { until } from './patience.ts';
import { PlantedSecrets } from './planted-secrets.ts';
import { deployment } from './resources.ts';
import { secretScenarios, type SecretScenario } from './secret-scenarios.ts';
import { openStage, type Stage } from './stage.ts';

const isMissing = !hasTool('git-http-backend') || !hasTool('sshd') || skipWithout('openssl');

describe.skipIf(isMissing)('no credential', () => {
  let stage: Stage;
  const planted = new PlantedSecrets();
  const servers: { close(): Promise<void> }[] = [];
  let scenarios: readonly SecretScenario[] = [];
  let remotes: readonly RemoteRepo[];

  beforeAll(async () => {
    stage = openStage();
    const [server, client] = ['server', 'client'].map((file) =>
      makeCertificate(stage.folder, { file }),
    );
    if (server === undefined || client === undefined) throw new Error('no certificates');
    planted.add('client key', client.key.split('\n')[1] ?? client.key);
    const gitLogin = { username: 'bot', password: planted.plant('right Git password', 'bot') };
    const registry = await startLoopback((request) => {
      const [, name = ''] = /^\/(?:v2\/team|token)\/([\w-]+)/.exec(request.url) ?? [];
      return (
        scenarios.find((scenario) => scenario.name === name)?.answer?.(request) ?? { status: 404 }
      );
    });
    const tlsRegistry = await startLoopback(() => ({ status: 404 }), {
      cert: server.cert,
      key: server.key,
    });
    const proxy = await startConnectProxy({ login: { username: 'squid', password: 'another' } });
    const gitServer = await talkativeGitServer(stage.path('remotes'), gitLogin);
    const github = await talkativeGitHub(stage.path('remotes'), planted);
    const ssh = await startSshServer(stage.path('sshd'));
    servers.push(github, registry, tlsRegistry, proxy, gitServer, ssh);
    scenarios = secretScenarios({
      planted,
      registry: registry.host,
      tlsRegistry: tlsRegistry.host,
      proxy: proxy.url,
      client,
      gitUrl: (repo) => gitServer.url(repo),
      ssh: {
        server: ssh,
        url: ssh.url(stage.path('remotes/ssh.git')),
        passphrase: planted.plant('passphrase'),
      },
      github,
      gitLogin,
    });
    // Each login that is right has a repo of its own: of two at one, the slower finds nothing to push.
    remotes = ['config.git', 'closed.git', 'app.git', 'ssh.git'].map((name) => {
      const remote = createRemote(stage.path('remotes', name));
      const files = scenarios.flatMap(({ name: policy, kind, spec }) =>
        kind === 'ImagePolicy'
          ? [[`${policy}.yaml`, deployment(`${String(spec['image'])}:1.0.0`, policy)] as const]
          : [],
      );
      remote.commit(Object.fromEntries(files));
      return remote;
    });
    remotes[1]?.hook('pre-receive', '#!/bin/sh\necho "no pushes today"\nexit 1\n');
    writeScenarios(stage, scenarios);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await stage.close();
  });

  /** What a text holds that it must not. */
  const leaks = (what: string, text: string) =>
    planted.in(text).map((secret) => `${what} holds the ${secret}`);

  it('is in anything that the standalone controller writes', async () => {
    const cli = stage.start([
      ...'run --standalone --config config --secrets secrets --state-dir state'.split(' '),
      ...'--listen 127.0.0.1:0 --log-level debug'.split(' '),
    ]);
    const [, url = ''] = await cli.waitFor('stderr', /"url":"(http:[^"]+)"/);
    for (const { says } of scenarios) await cli.waitFor('stderr', says);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    cli.process.kill('SIGTERM');
    const { stdout, stderr } = await cli.ended;
    const kept = ['state', '.cache'].flatMap((folder) => filesBelow(stage.path(folder)));
    expect(kept.map(([path]) => path)).toContainEqual(expect.stringContaining('status'));
    expect([
      ...leaks('stdout', stdout),
      ...leaks('the log', stderr),
      ...leaks('/metrics', metrics),
      ...kept.flatMap(([path, text]) => leaks(path, text)),
    ]).toEqual([]);
  }, 120_000);

  it('is in a status or an event of the controller of a cluster', async () => {
    const cluster = new MemoryCluster(secretsByKey(scenarios));
    for (const { kind, name, spec } of scenarios) cluster.apply(kind, `apps/${name}`, spec);
    const config = readConfig({ ...stage.env, PATH: process.env['PATH'] });
    const ports = await compose(config, { forTenants: true });
    const stop = new AbortController();
    const told: unknown[] = [];
    const running = runController(
      { ...ports, cluster },
      { scope: { namespaces: [] }, concurrency: 4 },
      {
        signals: { stop: stop.signal, abort: stop.signal },
        onEvent: (event) => told.push(event),
      },
    );
    const isSettled = ({ kind, name }: SecretScenario) =>
      cluster.conditions(kind, `apps/${name}`).some((text) => /^Ready=(True|False)/.test(text));
    await until('every resource has a status', () => scenarios.every(isSettled));
    stop.abort();
    await running;
    await ports.close();
    const statuses = scenarios.map(({ kind, name }) => cluster.status(kind, `apps/${name}`));
    expect(JSON.stringify(statuses)).toMatch(/AccessDenied/);
    expect([
      ...leaks('a status', JSON.stringify(statuses)),
      ...leaks('an event', JSON.stringify(cluster.events)),
      ...leaks('what is told', JSON.stringify(told, withMessages)),
    ]).toEqual([]);
  }, 120_000);

  it('is in anything that is committed', () => {
    for (const remote of remotes) {
      const objects = remote.git('cat-file', '--batch', '--batch-all-objects', '--buffer');
      expect(leaks(remote.path, objects)).toEqual([]);
    }
    expect(remotes[0]?.git('log', '--format=%s')).toMatch(/1\.1\.0/);
  });

  it('would be missed: each is found where it is written, in every form', () => {
    const secret = planted.plant('one that is written');
    const basic = Buffer.from(`ana:${secret}`).toString('base64');
    for (const text of [secret, basic, encodeURIComponent(secret), JSON.stringify({ secret })])
      expect(leaks('the test', `before ${text} after`)).toEqual([
        'the test holds the one that is written',
      ]);
  });
});

/** Refuses a wrong login with a page that repeats it. */
async function talkativeGitServer(
  root: string,
  basic: { readonly username: string; readonly password: string },
): Promise<GitHttpServer> {
  const server = await startGitHttpServer({ root, basic });
  const right = `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
  server.inject(({ authorization }) => {
    if (authorization === undefined || authorization === right) return undefined;
    const sent = Buffer.from(authorization.replace(/^\w+ /, ''), 'base64').toString();
    const headers = { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' };
    return { kind: 'answer', status: 401, headers, body: `sent: ${authorization} ${sent}` };
  });
  return server;
}

/** Repeats what it was shown for one repo, and plants what it gives out and is shown. */
async function talkativeGitHub(root: string, planted: PlantedSecrets): Promise<GitHub> {
  const github = await startGitHub(root, makeAppKey());
  github.state.newToken = () => planted.plant('installation token', 'x-access-token');
  github.state.intercept = ({ url, authorization = '' }) => {
    if (authorization.startsWith('Bearer ')) planted.add('JWT', authorization.slice(7));
    if (!url.startsWith('/closed.git')) return undefined;
    const sent = Buffer.from(authorization.replace(/^\w+ /, ''), 'base64').toString();
    const headers = { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' };
    return { kind: 'answer', status: 401, headers, body: `sent: ${authorization} ${sent}` };
  };
  return github;
}

/** The scenarios as files, as the standalone controller takes them. */
function writeScenarios(stage: Stage, scenarios: readonly SecretScenario[]): void {
  for (const { name, kind, spec, secrets } of scenarios) {
    const apiVersion = 'lockkeeper.dev/v1alpha1';
    const metadata = { name, namespace: 'apps' };
    const resource = JSON.stringify({ apiVersion, kind, metadata, spec }, undefined, 2);
    stage.write({ [`config/${name}.yaml`]: resource });
    for (const [secret, values] of Object.entries(secrets))
      for (const [key, value] of Object.entries(values))
        stage.write({ [`secrets/apps/${secret}/${key}`]: value });
  }
}

function secretsByKey(scenarios: readonly SecretScenario[]) {
  const all = scenarios.flatMap(({ secrets }) => Object.entries(secrets));
  return Object.fromEntries(all.map(([name, values]) => [`apps/${name}`, values]));
}

function filesBelow(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'utf8')] as const);
}

/** Errors are objects without fields of their own for JSON. */
function withMessages(_key: string, value: unknown): unknown {
  if (value instanceof Map || value instanceof Set) return [...value];
  if (!(value instanceof Error)) return value;
  return {
    ...Object.fromEntries(Object.entries(value)),
    message: value.message,
    cause: String(value.cause),
  };
}
