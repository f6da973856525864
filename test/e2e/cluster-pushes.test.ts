import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { openClusterStage, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { until } from './patience.ts';
import { deployment, imagePolicy, lines } from './resources.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const TOKEN = 'receiver-t0ken-4711-0815-abcdef';

const isMissing = !hasTool('git-http-backend') || skipWithoutApiServer();

/** Policies whose interval is a day: nothing but a push makes anything happen. */
describe.skipIf(isMissing)('two controllers that are told of pushes', () => {
  let cluster: ClusterStage;
  let registry: TagServer;
  let leader: Receiving;
  let follower: Receiving;
  let patch = 0;

  beforeAll(async () => {
    registry = await startTagServer({ web: ['1.0.0'] });
    cluster = await openClusterStage();
    cluster.remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
    await inApps('create', 'secret', 'generic', 'hub', `--from-literal=token=${TOKEN}`);
    await cluster.apply(
      imagePolicy({ image: registry.image('web'), spec: ['insecure: true', 'interval: 24h'] }),
      lines(
        'apiVersion: lockkeeper.dev/v1alpha1',
        'kind: ImageReceiver',
        'metadata: {name: hub, namespace: apps}',
        'spec: {type: generic, secretRef: {name: hub}}',
      ),
    );
    leader = await start('pod-0');
    await leader.cli.waitFor('stderr', /"msg":"leading: /);
    follower = await start('pod-1');
    await follower.cli.waitFor('stderr', /resources loaded/);
    await inApps('wait', '--for=condition=Ready', '--timeout=25s', 'imagereceiver/hub');
    await inApps('wait', '--for=condition=Ready', '--timeout=25s', 'imagepolicy/web');
  }, STAGE_TIMEOUT_MS);
  beforeEach(({ onTestFailed }) =>
    onTestFailed(() => console.error(`leader: ${leader.log()}\nfollower: ${follower.log()}`)),
  );
  afterAll(async () => {
    await cluster?.close();
    await registry?.close();
  });

  const inApps = (...args: readonly string[]) => cluster.kubectl([...args, '--namespace', 'apps']);
  const start = (pod: string) =>
    receiving(cluster.start(pod, '--receiver-listen', '127.0.0.1:0', '--log-level', 'debug'));
  const pathOf = () => inApps('get', 'imagereceiver', 'hub', '--output=jsonpath={.status.path}');

  /** A new tag, of which one of the controllers is told. */
  async function push({ url }: Receiving, path: string): Promise<number> {
    const tag = `1.0.${(patch += 1)}`;
    registry.push('web', tag);
    const body = JSON.stringify({ image: registry.image('web'), tag });
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(url + path, { method: 'POST', headers, body })).status;
  }
  const isUpToDate = () => cluster.remote.read('web.yaml').includes(`:1.0.${patch} #`);

  it('commit what the leader is told of', async () => {
    expect(await push(leader, await pathOf())).toBe(202);
    await until('the tag is committed', isUpToDate);
  });

  it('commit what the follower is told of, which passes it on', async () => {
    const path = await pathOf();
    let status = 0;
    // Where the leader is, a follower learns from the lease, which it looks at every two seconds.
    await expect
      .poll(async () => (status = await push(follower, path)), { timeout: 10_000 })
      .toBe(202);
    await until('the tag is committed', isUpToDate);
    expect(status).toBe(202);
    expect(follower.log()).not.toContain('"msg":"pushed"');
  });

  it('answer a stranger alike', async () => {
    const path = `/hook/${'0'.repeat(64)}`;
    expect([await push(leader, path), await push(follower, path)]).toEqual([404, 404]);
  });

  it('commit what the next leader is told of, once the first one is gone', async () => {
    leader.cli.process.kill('SIGTERM');
    await follower.cli.waitFor('stderr', /"msg":"leading: /);
    const path = await pathOf();
    await expect.poll(() => push(follower, path), { timeout: 10_000 }).toBe(202);
    await until('the tag is committed', isUpToDate);
  });

  it('tell the path in status alone, and the token nowhere', async () => {
    const path = await pathOf();
    const events = await inApps('get', 'events', '--output', 'yaml');
    const objects = await inApps('get', 'imagereceivers', '--output', 'yaml');
    const logs = leader.log() + follower.log();
    for (const text of [events, objects, logs]) expect(text).not.toContain(TOKEN);
    for (const text of [events, logs]) expect(text).not.toContain(path);
  });
});

/** A running controller, and where it takes pushes. */
interface Receiving {
  readonly cli: RunningCli;
  readonly url: string;
  /** All that it has said. */
  log(): string;
}

async function receiving(cli: RunningCli): Promise<Receiving> {
  let log = '';
  cli.process.stderr?.on('data', (text: string) => (log += text));
  const [, url = ''] = await cli.waitFor('stderr', /"url":"(http:[^"]+)","msg":"taking pushes/);
  return { cli, url, log: () => log };
}
