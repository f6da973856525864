import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApiServer, type TestApiServer } from '../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { COMMAND } from './command.ts';
import { createCrowd, type Crowd } from './crowd.ts';
import type { Figures } from './figures.ts';
import type { Scale } from './main.ts';

const MIB = 1024 * 1024;
const READY_WITHIN_MS = 600_000;

/** Lets only what is really kept count as the heap. */
const COLLECT = [
  '--expose-gc',
  '--import',
  'data:text/javascript,setInterval(()=>globalThis.gc(),1000).unref()',
];

/** What of the API server's own count of requests is the work of the controller: all but its lease. */
const OURS = ['imagepolicies', 'imageupdateautomations', 'events', 'secrets', 'namespaces'];
const WRITES: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** The controller over many objects of a real API server while nothing changes: what it asks for, writes and keeps. */
export async function benchCluster(
  figures: Figures,
  { folder, crowd: size }: Scale,
): Promise<void> {
  if (skipWithoutApiServer()) return;
  const remotes = join(folder, 'cluster');
  mkdirSync(remotes);
  const server = await startApiServer();
  const crowd = await createCrowd(server, remotes, size);
  const controller = await startController(server, join(folder, 'cluster-cache'));
  try {
    await untilSettled(crowd, size.intervalSeconds * 1_000);
    const before = await snapshot(server, crowd);
    const memory: number[] = [];
    for (let n = 0; n < size.intervals; n += 1) {
      await delay(size.intervalSeconds * 1_000);
      memory.push(await controller.heapBytes());
    }
    const after = await snapshot(server, crowd);
    tell(figures, { crowd, before, after, intervalMs: size.intervalSeconds * 1_000 });
    tellMemory(figures, crowd, memory);
  } finally {
    await controller.stop();
    await crowd.close();
    await server.stop();
  }
}

/** Everything is ready, and has been for some intervals: what comes from here on is the steady state. */
async function untilSettled(crowd: Crowd, intervalMs: number): Promise<void> {
  const end = performance.now() + READY_WITHIN_MS;
  while (!(await crowd.areReady())) {
    if (performance.now() > end) throw new Error('the objects do not get ready');
    await delay(1_000);
  }
  await delay(3 * intervalMs);
}

interface Snapshot {
  readonly at: number;
  /** Requests by `VERB resource`, as the API server counted them. */
  readonly requests: ReadonlyMap<string, number>;
  readonly versions: ReadonlyMap<string, string>;
  readonly git: number;
}

async function snapshot(server: TestApiServer, crowd: Crowd): Promise<Snapshot> {
  const versions = await crowd.versions();
  const { body } = await server.request('GET', '/metrics');
  const requests = new Map<string, number>();
  for (const line of String(body).split('\n')) {
    const [, labels = '', count] = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line) ?? [];
    const verb = /verb="(\w+)"/.exec(labels)?.[1] ?? '';
    const resource = /resource="(\w+)"/.exec(labels)?.[1] ?? '';
    if (!OURS.includes(resource)) continue;
    const key = `${verb} ${resource}`;
    requests.set(key, (requests.get(key) ?? 0) + Number(count));
  }
  return { at: performance.now(), requests, versions, git: crowd.gitRequests() };
}

interface Observed {
  readonly crowd: Crowd;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly intervalMs: number;
}

function tell(figures: Figures, { crowd, before, after, intervalMs }: Observed): void {
  const { policies, repositories, automations } = crowd;
  const intervals = (after.at - before.at) / intervalMs;
  const made = [...after.requests].map(
    ([key, count]) => [key, count - (before.requests.get(key) ?? 0)] as const,
  );
  const written = made.filter(([key]) => WRITES.has(key.split(' ')[0] ?? ''));
  const changed = [...after.versions].filter(
    ([uid, version]) => before.versions.get(uid) !== version,
  );
  const lists = [...crowd.lists.values()].flat().filter((at) => at > before.at && at <= after.at);
  const line = (name: string, count: number) => ({ name, samples: [count] });
  figures.add(
    `${policies} policies over ${repositories} repositories, nothing changes, per interval`,
    'requests',
    [
      line('repositories', repositories),
      line('lists of tags', lists.length / intervals),
      line('requests to Git servers', (after.git - before.git) / intervals),
      line('passes, one per automation', automations),
      line('writes to the API server', sum(written) / intervals),
      line('objects and Events changed or new', changed.length / intervals),
    ],
  );
}

function sum(counts: readonly (readonly [string, number])[]): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}

/** The least of several samples: between two collections there is always some garbage. */
function tellMemory(figures: Figures, { policies }: Crowd, bytes: readonly number[]): void {
  const third = Math.ceil(bytes.length / 3);
  const parts = [bytes.slice(0, third), bytes.slice(third, -third), bytes.slice(-third)];
  const names = ['first third', 'second third', 'last third'];
  figures.add(
    `least heap of the controller, ${policies} policies, ${bytes.length} intervals`,
    'MiB',
    parts.map((part, index) => ({
      name: names[index] ?? '',
      samples: [Math.min(...part) / MIB],
    })),
  );
}

async function startController(server: TestApiServer, cacheDir: string) {
  const kubeconfig = server.adminKubeconfig;
  const args = [...COLLECT, COMMAND, 'run', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0'];
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    LOCKKEEPER_CACHE_DIR: cacheDir,
    POD_NAMESPACE: 'default',
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await firstUrl(child);
  return {
    async heapBytes(): Promise<number> {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]);
    },
    async stop(): Promise<void> {
      if (child.exitCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Where it serves its metrics, which it says first. */
async function firstUrl(child: ChildProcess): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the controller ended: ${text}`)));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < 10_000) text += chunk;
      const url = /"url":"(http:[^"]+)"/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
