import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startGitHttpServer } from '../support/git/http-server.ts';
import { createRemote } from '../support/git/repo.ts';
import { succeeded } from '../support/kubernetes/api-request.ts';
import type { TestApiServer } from '../support/kubernetes/api-server.ts';

/** How many objects there are, and how often they look. */
export interface CrowdSize {
  /** Each with one automation, and one repo. */
  readonly namespaces: number;
  readonly repositoriesPerNamespace: number;
  readonly policiesPerRepository: number;
  readonly intervalSeconds: number;
  /** How many intervals are measured. */
  readonly intervals: number;
}

/** 1,000 policies over 100 repositories. */
export const LARGE_CROWD: CrowdSize = {
  namespaces: 10,
  repositoriesPerNamespace: 10,
  policiesPerRepository: 10,
  intervalSeconds: 10,
  intervals: 30,
};

/** The same in small, for a test. */
export const SMALL_CROWD: CrowdSize = {
  namespaces: 2,
  repositoriesPerNamespace: 5,
  policiesPerRepository: 5,
  intervalSeconds: 2,
  intervals: 6,
};

/** Objects of one requested kind that are created at the same time. */
const CREATED_AT_ONCE = 8;

/** Objects in a cluster, the repos and the registry that they are about. */
export interface Crowd {
  readonly policies: number;
  readonly repositories: number;
  readonly automations: number;
  /** When each repository's tags were listed, in ms. */
  readonly lists: ReadonlyMap<string, readonly number[]>;
  /** Requests that the Git server has seen. */
  gitRequests(): number;
  /** Versions of all objects of ours, and of all Events, as the API server has them now. */
  versions(): Promise<ReadonlyMap<string, string>>;
  /** Are all objects ready? */
  areReady(): Promise<boolean>;
  close(): Promise<void>;
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const API = '/apis/lockkeeper.dev/v1alpha1';

/** Creates it all; every policy has something to write at first. */
export async function createCrowd(
  server: TestApiServer,
  folder: string,
  size: CrowdSize,
): Promise<Crowd> {
  const registry = await startListRecorder();
  const git = await startGitHttpServer({ root: folder });
  const interval = `${size.intervalSeconds}s`;
  const objects: [path: string, body: object][] = [];
  for (const n of indexes(size.namespaces)) {
    const namespace = `team-${n}`;
    await succeeded(
      server.request('POST', '/api/v1/namespaces', { metadata: { name: namespace } }),
    );
    const files: Record<string, string> = {};
    for (const r of indexes(size.repositoriesPerNamespace)) {
      const image = `${registry.host}/${namespace}/app-${r}`;
      for (const p of indexes(size.policiesPerRepository)) {
        const name = `app-${r}-${p}`;
        files[`${name}.yaml`] =
          `image: ${image}:1.0.0 # {"$imagepolicy": "${namespace}:${name}"}\n`;
        const spec = { image, insecure: true, interval, policy: { semver: { range: '1.x' } } };
        objects.push(object(namespace, 'ImagePolicy', name, spec));
      }
    }
    const remote = createRemote(join(folder, `${namespace}.git`));
    remote.commit(files, { message: 'everything' });
    const spec = { git: { url: git.url(`${namespace}.git`) }, interval };
    objects.push(object(namespace, 'ImageUpdateAutomation', 'config', spec));
  }
  await eachOf(objects, async ([path, body]) => succeeded(server.request('POST', path, body)));
  const repositories = size.namespaces * size.repositoriesPerNamespace;
  return {
    policies: repositories * size.policiesPerRepository,
    repositories,
    automations: size.namespaces,
    lists: registry.lists,
    gitRequests: () => git.log.length,
    versions: async () =>
      new Map(
        (await allObjects(server, true)).map(({ metadata }) => [
          metadata.uid,
          metadata.resourceVersion,
        ]),
      ),
    areReady: async () => (await allObjects(server, false)).every(isReady),
    async close() {
      await git.close();
      registry.close();
    },
  };
}

function object(
  namespace: string,
  kind: 'ImagePolicy' | 'ImageUpdateAutomation',
  name: string,
  spec: object,
): [string, object] {
  const plural = kind === 'ImagePolicy' ? 'imagepolicies' : 'imageupdateautomations';
  const body = { apiVersion: 'lockkeeper.dev/v1alpha1', kind, metadata: { name }, spec };
  return [`${API}/namespaces/${namespace}/${plural}`, body];
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const line = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = line.next(); next.done !== true; next = line.next()) await work(next.value);
  };
  await Promise.all(indexes(CREATED_AT_ONCE).map(worker));
}

interface Listed {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function allObjects({ request }: TestApiServer, withEvents: boolean) {
  const paths = [
    `${API}/imagepolicies`,
    `${API}/imageupdateautomations`,
    ...(withEvents ? ['/api/v1/events'] : []),
  ];
  const lists = await Promise.all(paths.map(async (path) => succeeded(request('GET', path))));
  return lists.flatMap((list) => (list as { readonly items: readonly Listed[] }).items);
}

function isReady({ status }: Listed): boolean {
  return (status?.conditions ?? []).some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
}

/** A registry that has two tags of everything, and remembers when it was asked for them. */
async function startListRecorder() {
  const lists = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const name = /^\/v2\/(.+)\/tags\/list/.exec(request.url ?? '')?.[1] ?? '';
    const times = lists.get(name);
    if (times === undefined) lists.set(name, [performance.now()]);
    else times.push(performance.now());
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, tags: ['1.0.0', '1.1.0'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    lists,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
