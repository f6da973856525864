import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connectCluster,
  type ConnectedCluster,
} from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterTiming } from '../../../src/adapters/kubernetes/timing.ts';
import { succeeded } from '../../support/kubernetes/api-request.ts';
import { startApiServer, type TestApiServer } from '../../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../../support/kubernetes/availability.ts';
import { startCutProxy } from '../../support/kubernetes/cut-proxy.ts';
import {
  changePolicy,
  createPolicy,
  deletePolicy,
  policiesPath,
} from '../../support/kubernetes/objects.ts';
import { observations, QUICK, recording } from '../../support/kubernetes/recording.ts';

const WAIT = { timeout: 20_000, interval: 20 };

describe.skipIf(skipWithoutApiServer())('following objects of a real API server', () => {
  let server: TestApiServer;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    server = await startApiServer();
  }, 180_000);
  afterAll(() => server?.stop());
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  function connect(options: { kubeconfig?: string; timing?: ClusterTiming } = {}) {
    const observed = observations();
    const cluster = connectCluster({
      kubeconfig: server.adminKubeconfig,
      observer: observed,
      random: () => 0.5,
      timing: QUICK,
      ...options,
    });
    endings.push(() => cluster.close());
    return { cluster, observed };
  }

  function follow(cluster: ConnectedCluster, namespaces: string[], labelSelector?: string) {
    const told = recording();
    const stop = new AbortController();
    const scope = { namespaces, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const running = cluster.follow('ImagePolicy', scope, told, stop.signal);
    endings.push(async () => {
      stop.abort();
      await running;
    });
    return told;
  }

  async function connectThroughProxy(timing = QUICK) {
    const proxy = await startCutProxy(Number(new URL(server.url).port));
    endings.push(() => proxy.close());
    const kubeconfig = server.kubeconfig({
      token: server.adminToken,
      server: `https://127.0.0.1:${proxy.port}`,
    });
    return { proxy, ...connect({ kubeconfig, timing }) };
  }

  test('what is there is told, then synced, then every change and removal once', async () => {
    const namespace = await server.createNamespace();
    await createPolicy(server, namespace, 'first');
    const told = follow(connect().cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines).toEqual(['+ first', 'synced']), WAIT);
    await createPolicy(server, namespace, 'second');
    await changePolicy(server, namespace, 'first', { suspend: true });
    await deletePolicy(server, namespace, 'second');
    await vi.waitFor(
      () => expect(told.lines.slice(2)).toEqual(['+ second', '+ first', '- second']),
      WAIT,
    );
    expect(told.objects.get('first')).toMatchObject({
      ref: { kind: 'ImagePolicy', namespace, name: 'first' },
      generation: 2,
      spec: { suspend: true, image: 'ghcr.io/org/first' },
    });
  });

  test('an object that comes into a label selector is told, and one that leaves it is removed', async () => {
    const namespace = await server.createNamespace();
    await createPolicy(server, namespace, 'mine', { shard: 'a' });
    await createPolicy(server, namespace, 'other', { shard: 'b' });
    const told = follow(connect().cluster, [namespace], 'shard=a');
    await vi.waitFor(() => expect(told.lines).toEqual(['+ mine', 'synced']), WAIT);
    const label = (name: string, shard: string) =>
      succeeded(
        server.request(
          'PATCH',
          `${policiesPath(namespace)}/${name}`,
          { metadata: { labels: { shard } } },
          'application/merge-patch+json',
        ),
      );
    await label('other', 'a');
    await label('mine', 'b');
    await vi.waitFor(() => expect(told.lines.slice(2)).toEqual(['+ other', '- mine']), WAIT);
  });

  test('several namespaces sync once together, and no namespace means all of them', async () => {
    const namespaces = [await server.createNamespace(), await server.createNamespace()];
    for (const [index, namespace] of namespaces.entries())
      await createPolicy(server, namespace, `in-${index}`);
    const { cluster } = connect();
    const two = follow(cluster, namespaces);
    const all = follow(cluster, []);
    await vi.waitFor(() => expect(two.lines.at(-1)).toBe('synced'), WAIT);
    expect(two.lines.toSorted()).toEqual(['+ in-0', '+ in-1', 'synced']);
    await vi.waitFor(() => expect(all.lines).toContain('synced'), WAIT);
    expect(all.lines).toEqual(expect.arrayContaining(['+ in-0', '+ in-1']));
  });

  test('more objects than one page holds are all told, each once', async () => {
    const namespace = await server.createNamespace();
    const names = Array.from({ length: 520 }, (_, index) => `policy-${index}`);
    for (let at = 0; at < names.length; at += 40) {
      const some = names.slice(at, at + 40);
      await Promise.all(some.map((name) => createPolicy(server, namespace, name)));
    }
    const { cluster } = connect();
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines.at(-1)).toBe('synced'), WAIT);
    expect(told.lines).toHaveLength(521);
    expect(told.objects.size).toBe(520);
    const listed = await cluster.list(
      'ImagePolicy',
      { namespaces: [namespace] },
      new AbortController().signal,
    );
    expect(listed).toHaveLength(520);
  }, 60_000);

  test('a watch that is cut goes on where it stood: nothing is lost and nothing told twice', async () => {
    const namespace = await server.createNamespace();
    await createPolicy(server, namespace, 'stays');
    const { proxy, cluster, observed } = await connectThroughProxy();
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines).toContain('synced'), WAIT);
    for (const name of ['one', 'two', 'three']) {
      proxy.cut();
      await createPolicy(server, namespace, name);
      await vi.waitFor(() => expect(told.lines.at(-1)).toBe(`+ ${name}`), WAIT);
    }
    expect(told.lines).toEqual(['+ stays', 'synced', '+ one', '+ two', '+ three']);
    expect(observed.troubles[0]).toMatchObject({ code: 'cluster/unreachable', retry: true });
    expect(observed.recoveries).toContain(`imagepolicies in namespace ${namespace}`);
  });

  test('a connection that hangs without breaking is noticed by its silence', async () => {
    const namespace = await server.createNamespace();
    const timing = { ...QUICK, requestMs: 1_000, watchSilenceMs: 1_500 };
    const { proxy, cluster, observed } = await connectThroughProxy(timing);
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines).toEqual(['synced']), WAIT);
    proxy.freeze();
    await createPolicy(server, namespace, 'unseen');
    await vi.waitFor(() => expect(observed.troubles).not.toEqual([]), WAIT);
    expect(told.lines).toEqual(['synced']);
    proxy.thaw();
    await vi.waitFor(() => expect(told.lines).toEqual(['synced', '+ unseen']), WAIT);
  });

  test('when the server has forgotten where the watch stood, a list tells what changed and what is gone', async () => {
    const namespace = await server.createNamespace();
    for (const name of ['goes', 'stays', 'remade']) await createPolicy(server, namespace, name);
    const { proxy, cluster } = await connectThroughProxy({ ...QUICK, maxRetryMs: 50 });
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines).toContain('synced'), WAIT);
    proxy.freeze();
    await deletePolicy(server, namespace, 'goes');
    await deletePolicy(server, namespace, 'remade');
    await createPolicy(server, namespace, 'remade');
    await createPolicy(server, namespace, 'comes');
    await server.compactEtcd();
    // Its cache of old events ends with the server.
    await server.restart();
    const before = told.lines.length;
    proxy.thaw();
    await vi.waitFor(() => expect(told.lines.slice(before)).toHaveLength(4), WAIT);
    expect(told.lines.slice(before).toSorted()).toEqual(
      ['+ comes', '- remade', '+ remade', '- goes'].toSorted(),
    );
    expect(told.lines.indexOf('- remade')).toBeLessThan(told.lines.lastIndexOf('+ remade'));
    await createPolicy(server, namespace, 'later');
    await vi.waitFor(() => expect(told.lines.at(-1)).toBe('+ later'), WAIT);
    expect(told.lines.filter((line) => line === 'synced')).toHaveLength(1);
  }, 90_000);

  test('it outlives a restart of the API server', async () => {
    const namespace = await server.createNamespace();
    const { cluster, observed } = connect();
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(told.lines).toEqual(['synced']), WAIT);
    await server.restart(async () => {
      await vi.waitFor(
        () => expect(observed.troubles.at(-1)?.message).toMatch(/nothing listens there$/),
        WAIT,
      );
    });
    await createPolicy(server, namespace, 'after');
    await vi.waitFor(() => expect(told.lines).toEqual(['synced', '+ after']), WAIT);
    expect(observed.recoveries).toHaveLength(1);
  }, 90_000);

  test('what RBAC lacks is named by verb and resource, and mended without a restart', async () => {
    const namespace = await server.createNamespace();
    const rules = [
      { apiGroups: ['lockkeeper.dev'], resources: ['imagepolicies'], verbs: ['list'] },
    ];
    const token = await server.createServiceAccount({ namespace, name: 'poor', rules });
    const { cluster, observed } = connect({ kubeconfig: server.kubeconfig({ token }) });
    const told = follow(cluster, [namespace]);
    await vi.waitFor(() => expect(observed.troubles).toHaveLength(1), WAIT);
    expect(observed.troubles[0]).toMatchObject({
      code: 'cluster/forbidden',
      message: expect.stringContaining(
        `not allowed to watch imagepolicies.lockkeeper.dev in namespace ${namespace}; grant that by RBAC`,
      ) as string,
    });
    await succeeded(
      server.request(
        'PATCH',
        `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/${namespace}-poor`,
        { rules: [{ ...rules[0], verbs: ['list', 'watch'] }] },
        'application/merge-patch+json',
      ),
    );
    await createPolicy(server, namespace, 'seen');
    await vi.waitFor(() => expect(told.lines).toEqual(['synced', '+ seen']), WAIT);
    expect(observed.troubles).toHaveLength(1);
  });

  test('stopping ends it while a watch is open', async () => {
    const stop = new AbortController();
    const told = recording();
    const running = connect().cluster.follow(
      'ImageUpdateAutomation',
      { namespaces: [] },
      told,
      stop.signal,
    );
    await vi.waitFor(() => expect(told.lines).toEqual(['synced']), WAIT);
    stop.abort();
    await running;
  });
});
