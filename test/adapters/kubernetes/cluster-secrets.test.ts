import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connectCluster,
  type ConnectedCluster,
} from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterTiming } from '../../../src/adapters/kubernetes/timing.ts';
import { succeeded } from '../../support/kubernetes/api-request.ts';
import {
  startApiServer,
  type PolicyRule,
  type TestApiServer,
} from '../../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../../support/kubernetes/availability.ts';
import { startCutProxy } from '../../support/kubernetes/cut-proxy.ts';
import { secretsPath } from '../../support/kubernetes/objects.ts';
import { observations, QUICK } from '../../support/kubernetes/recording.ts';

const NEVER = new AbortController().signal;
const WAIT = { timeout: 20_000, interval: 20 };

describe.skipIf(skipWithoutApiServer())('Secrets of a real API server', () => {
  let server: TestApiServer;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    server = await startApiServer();
  }, 180_000);
  afterAll(() => server?.stop());
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  /** A cluster as an account sees it that may do just this with Secrets. */
  async function connect(
    verbs: readonly string[],
    options: { timing?: ClusterTiming; port?: number; rule?: Partial<PolicyRule> } = {},
  ) {
    const namespace = await server.createNamespace();
    const rules = [{ apiGroups: [''], resources: ['secrets'], verbs, ...options.rule }];
    const token = await server.createServiceAccount({ namespace, name: 'reader', rules });
    const observed = observations();
    const address = options.port === undefined ? server.url : `https://127.0.0.1:${options.port}`;
    const cluster = connectCluster({
      kubeconfig: server.kubeconfig({ token, server: address }),
      observer: observed,
      random: () => 0.5,
      timing: options.timing ?? QUICK,
    });
    endings.push(() => cluster.close());
    return { namespace, cluster, observed };
  }

  function follow(cluster: ConnectedCluster) {
    const changed: string[] = [];
    const stop = new AbortController();
    const running = cluster.followSecrets(({ name }) => changed.push(name), stop.signal);
    endings.push(async () => {
      stop.abort();
      await running;
    });
    return changed;
  }

  const write = (namespace: string, name: string, stringData: Record<string, string>) =>
    succeeded(
      server.request(
        'PATCH',
        `${secretsPath(namespace)}/${name}?fieldManager=test`,
        { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData },
        'application/apply-patch+yaml',
      ),
    );
  const remove = (namespace: string, name: string) =>
    succeeded(server.request('DELETE', `${secretsPath(namespace)}/${name}`));

  /** How many requests the API server has served for Secrets, by verb. */
  async function requests(verb: 'GET' | 'LIST' | 'WATCH'): Promise<number> {
    const { body } = await server.request('GET', '/metrics');
    const lines = String(body).matchAll(
      /^apiserver_request_total\{(.*resource="secrets".*)\} (\d+)$/gm,
    );
    return [...lines]
      .filter(([, labels]) => labels?.includes(`verb="${verb}"`))
      .reduce((sum, [, , count]) => sum + Number(count), 0);
  }

  test('values are decoded; a Secret that is not there is undefined', async () => {
    const { namespace, cluster } = await connect(['get']);
    await write(namespace, 'login', { username: 'ana', password: 'ünï' });
    expect(await cluster.secrets.get(namespace, 'login', NEVER)).toEqual({
      username: 'ana',
      password: 'ünï',
    });
    expect(await cluster.secrets.get(namespace, 'none', NEVER)).toBeUndefined();
  });

  test('a Secret that was read is watched: changes are told and later reads cost no request', async () => {
    const { namespace, cluster } = await connect(['get', 'watch']);
    const changed = follow(cluster);
    await write(namespace, 'login', { password: 'old' });
    const read = () => cluster.secrets.get(namespace, 'login', NEVER);
    expect(await read()).toEqual({ password: 'old' });
    await write(namespace, 'unread', { password: 'x' });
    await write(namespace, 'login', { password: 'new' });
    await vi.waitFor(() => expect(changed).toEqual(['login']), WAIT);
    expect(await read()).toEqual({ password: 'new' });
    await vi.waitFor(async () => {
      const before = await requests('GET');
      for (let times = 0; times < 5; times += 1) await read();
      expect(await requests('GET')).toBe(before);
    }, WAIT);
    await remove(namespace, 'login');
    await vi.waitFor(() => expect(changed).toEqual(['login', 'login']), WAIT);
    expect(await read()).toBeUndefined();
    await write(namespace, 'login', { password: 'again' });
    await vi.waitFor(() => expect(changed).toHaveLength(3), WAIT);
    expect(await read()).toEqual({ password: 'again' });
  });

  test('one that comes into being after it was asked for in vain is told', async () => {
    const { namespace, cluster } = await connect(['get', 'watch']);
    const changed = follow(cluster);
    expect(await cluster.secrets.get(namespace, 'late', NEVER)).toBeUndefined();
    await write(namespace, 'late', { key: 'value' });
    await vi.waitFor(() => expect(changed).toEqual(['late']), WAIT);
    expect(await cluster.secrets.get(namespace, 'late', NEVER)).toEqual({ key: 'value' });
  });

  test('what changed or went while the connection was cut is told after it', async () => {
    const proxy = await startCutProxy(Number(new URL(server.url).port));
    endings.push(() => proxy.close());
    const timing = { ...QUICK, maxRetryMs: 50 };
    const { namespace, cluster } = await connect(['get', 'watch'], { timing, port: proxy.port });
    const changed = follow(cluster);
    for (const name of ['changes', 'goes']) {
      await write(namespace, name, { key: 'old' });
      await cluster.secrets.get(namespace, name, NEVER);
    }
    proxy.freeze();
    await write(namespace, 'changes', { key: 'new' });
    await remove(namespace, 'goes');
    proxy.thaw();
    await vi.waitFor(() => expect(changed.toSorted()).toEqual(['changes', 'goes']), WAIT);
    expect(await cluster.secrets.get(namespace, 'changes', NEVER)).toEqual({ key: 'new' });
    expect(await cluster.secrets.get(namespace, 'goes', NEVER)).toBeUndefined();
  });

  test('with `get` alone it works too: read anew each time, and looked at from time to time', async () => {
    const timing = { ...QUICK, secretPollMs: 200 };
    const { namespace, cluster, observed } = await connect(['get'], { timing });
    const changed = follow(cluster);
    await write(namespace, 'login', { password: 'old' });
    expect(await cluster.secrets.get(namespace, 'login', NEVER)).toEqual({ password: 'old' });
    await write(namespace, 'login', { password: 'new' });
    await vi.waitFor(() => expect(changed).toEqual(['login']), WAIT);
    expect(await cluster.secrets.get(namespace, 'login', NEVER)).toEqual({ password: 'new' });
    expect(observed.troubles).toEqual([]);
  });

  test('`get` and `watch` on the one name are enough, and no list was ever asked for', async () => {
    const before = await requests('LIST');
    const { namespace, cluster, observed } = await connect(['get', 'watch'], {
      rule: { resourceNames: ['login'] },
    });
    const changed = follow(cluster);
    await write(namespace, 'login', { password: 'old' });
    await cluster.secrets.get(namespace, 'login', NEVER);
    await write(namespace, 'login', { password: 'new' });
    await vi.waitFor(() => expect(changed).toEqual(['login']), WAIT);
    await expect(cluster.secrets.get(namespace, 'other', NEVER)).rejects.toMatchObject({
      code: 'cluster/forbidden',
      message: expect.stringContaining(
        `not allowed to get secrets "other" in namespace ${namespace}`,
      ) as string,
    });
    expect(observed.troubles).toEqual([]);
    expect(await requests('LIST')).toBe(before);
  });

  test('many Secrets are watched at once without a warning of listeners', async () => {
    const { namespace, cluster } = await connect(['get', 'watch']);
    const warnings: string[] = [];
    const warn = (warning: Error) => warnings.push(warning.name);
    process.on('warning', warn);
    endings.push(() => void process.off('warning', warn));
    const changed = follow(cluster);
    const names = Array.from({ length: 30 }, (_, index) => `login-${index}`);
    const all = async (value: string) => {
      await Promise.all(names.map((name) => write(namespace, name, { value })));
    };
    await all('old');
    await Promise.all(names.map((name) => cluster.secrets.get(namespace, name, NEVER)));
    await all('new');
    await vi.waitFor(() => expect(changed.toSorted()).toEqual(names.toSorted()), WAIT);
    expect(warnings).toEqual([]);
  });

  test('of a ServiceAccount the pull Secrets are read, and a change of them is told', async () => {
    const rule = { resources: ['serviceaccounts'] };
    const timing = { ...QUICK, secretPollMs: 200 };
    const { namespace, cluster } = await connect(['get'], { rule, timing });
    const changes: unknown[] = [];
    const stop = new AbortController();
    const running = cluster.followSecrets((source) => changes.push(source), stop.signal);
    endings.push(async () => {
      stop.abort();
      await running;
    });
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const patch = (change: object) =>
      succeeded(server.request('PATCH', `${accounts}/app`, change, 'application/merge-patch+json'));
    const pullSecrets = (name: string) => cluster.secrets.pullSecrets(namespace, name, NEVER);
    await succeeded(server.request('POST', accounts, { metadata: { name: 'app' } }));
    expect(await pullSecrets('app')).toEqual([]);
    expect(await pullSecrets('none')).toBeUndefined();
    await patch({ metadata: { labels: { team: 'a' } } });
    await patch({ imagePullSecrets: [{ name: 'ghcr' }, { name: 'quay' }] });
    const source = { kind: 'ServiceAccount', namespace, name: 'app' };
    await vi.waitFor(() => expect(changes).toEqual([source]), WAIT);
    expect(await pullSecrets('app')).toEqual(['ghcr', 'quay']);
  });

  test('a Secret that nobody reads any more is not watched for ever', async () => {
    const proxy = await startCutProxy(Number(new URL(server.url).port));
    endings.push(() => proxy.close());
    const timing = { ...QUICK, secretIdleMs: 300 };
    const { namespace, cluster } = await connect(['get', 'watch'], { timing, port: proxy.port });
    const changed = follow(cluster);
    await write(namespace, 'login', { password: 'old' });
    await cluster.secrets.get(namespace, 'login', NEVER);
    await write(namespace, 'login', { password: 'new' });
    await vi.waitFor(() => expect(changed).toEqual(['login']), WAIT);
    await new Promise((resolve) => setTimeout(resolve, 400));
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const watches = await requests('WATCH');
    await write(namespace, 'login', { password: 'newest' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(changed).toEqual(['login']);
    expect(await requests('WATCH')).toBe(watches);
    expect(await cluster.secrets.get(namespace, 'login', NEVER)).toEqual({ password: 'newest' });
  });
});
