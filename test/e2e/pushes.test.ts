import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { freePort } from '../support/free-port.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy, lines } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const TOKEN = 'receiver-t0ken-4711-0815-abcdef';
/** Nothing but a push makes anything happen within a test. */
const RARELY = 'interval: 24h';

const byText = (a: string, b: string) => (a < b ? -1 : 1);

const receiver = (type: string, name: string) =>
  lines(
    'apiVersion: lockkeeper.dev/v1alpha1',
    'kind: ImageReceiver',
    `metadata: {name: ${name}, namespace: apps}`,
    `spec: {type: ${type}, secretRef: {name: receiver-token}}`,
  );

const isMissing = !hasTool('git-http-backend') || skipWithout('distribution');

describe.skipIf(isMissing)('pushes to a registry that tells of them', () => {
  let stage: Stage;
  let remote: RemoteRepo;
  let git: GitHttpServer;
  let registry: RunningRegistry;
  let cli: RunningCli;
  let endpoint: string;
  let paths: Readonly<Record<string, string>>;
  let metrics: string;

  beforeAll(async () => {
    stage = openStage();
    remote = createRemote(stage.path('remotes/config.git'));
    git = await startGitHttpServer({ root: stage.path('remotes') });
    endpoint = `http://127.0.0.1:${await freePort()}`;
    stage.write({
      'config/automation.yaml': automation([`url: ${git.url('config.git')}`], [RARELY]),
      'config/distribution.yaml': receiver('distribution', 'registry'),
      'config/hub.yaml': receiver('dockerhub', 'hub'),
      'secrets/apps/receiver-token/token': `${TOKEN}\n`,
    });
    paths = await pathsOf();
    registry = await startRegistry({
      kind: 'distribution',
      notify: { url: endpoint + paths['apps/registry'], authorization: `Bearer ${TOKEN}` },
    });
    await registry.pushTags('team/web', ['1.0.0']);
    const image = `${registry.host}/team/web`;
    remote.commit({ 'web.yaml': deployment(`${image}:1.0.0`) });
    stage.write({
      'config/web.yaml': imagePolicy({ image, spec: ['insecure: true', RARELY] }),
    });
    const listen = `--listen 127.0.0.1:0 --receiver-listen ${endpoint.slice('http://'.length)}`;
    const args = `run --standalone --config config --secrets secrets ${listen} --log-level debug`;
    cli = stage.start(args.split(' '));
    const [, url] = await cli.waitFor('stderr', /"url":"(http:[^"]+)","msg":"serving/);
    metrics = `${url}/metrics`;
    await cli.waitFor('stderr', /"msg":"nothing to do"/);
  });
  afterAll(async () => {
    await stage?.close();
    await git?.close();
    await registry?.stop();
  });

  async function pathsOf(): Promise<Readonly<Record<string, string>>> {
    const args = 'receivers --config config --secrets secrets -o json'.split(' ');
    const { stdout } = await stage.run(args);
    const { receivers } = JSON.parse(stdout) as { receivers: { receiver: string; path: string }[] };
    return Object.fromEntries(receivers.map(({ receiver: name, path }) => [name, path]));
  }
  const isAt = (tag: string) => remote.read('web.yaml').includes(`:${tag} #`);
  const post = (path: string, body: string) =>
    fetch(endpoint + path, { method: 'POST', body, redirect: 'error' });

  it('become commits, a day before their policy would be scanned', async () => {
    await registry.pushTags('team/web', ['1.1.0']);
    await until('web is at 1.1.0', () => isAt('1.1.0'), { everyMs: 20 });
    const told = /"receiver":"apps\/registry","policies":"(\w+)","msg":"push received: scanning"/;
    expect((await cli.waitFor('stderr', told))[1]).toBe('web');
  });

  it('become commits one after the other', async () => {
    for (const tag of ['1.2.0', '1.3.0', '1.4.0']) {
      await registry.pushTags('team/web', [tag]);
      await until(`web is at ${tag}`, () => isAt(tag), { everyMs: 20 });
    }
    expect(remote.git('log', '-3', '--format=%s', 'main')).toBe(
      ['1.4.0', '1.3.0', '1.2.0'].map((tag) => `Update web to ${tag}`).join('\n'),
    );
  });

  it('become few scans when they come in a burst', async () => {
    const listings = async () => {
      const text = await (await fetch(metrics)).text();
      return Number(
        /^lockkeeper_registry_requests_total\{.*status="200"\} (\d+)$/m.exec(text)?.[1],
      );
    };
    const before = await listings();
    const tags = Array.from({ length: 40 }, (_, patch) => `1.5.${patch}`);
    await registry.pushTags('team/web', tags);
    await until('web is at 1.5.39', () => isAt('1.5.39'));
    // One at once and one a second; the burst itself takes seconds at most.
    expect((await listings()) - before).toBeLessThan(tags.length / 2);
  });

  it('of a sender who can show nothing are taken at a path that nobody else knows', async () => {
    const event = {
      push_data: { tag: '9.9.9' },
      repository: { repo_name: 'team/web' },
    };
    // Another registry's: nothing to do, and no retries.
    expect((await post(paths['apps/hub'] ?? '', JSON.stringify(event))).status).toBe(204);
    expect((await post(paths['apps/hub'] ?? '', '{}')).status).toBe(400);
    expect((await post(`/hook/${'0'.repeat(64)}`, JSON.stringify(event))).status).toBe(404);
  });

  it('are refused without the token, and nothing happens', async () => {
    const response = await post(paths['apps/registry'] ?? '', '{"events":[]}');
    expect([response.status, await response.text()]).toEqual([401, '']);
  });

  it('are counted by type and result', async () => {
    const text = await (await fetch(metrics)).text();
    const counted = [...text.matchAll(/^lockkeeper_push_events_total\{(.*)\} (\d+)$/gm)];
    expect(counted.map(([, labels = '']) => labels).toSorted(byText)).toEqual([
      'type="distribution",result="ignored"',
      'type="distribution",result="refused"',
      'type="distribution",result="scanned"',
      'type="dockerhub",result="ignored"',
      'type="dockerhub",result="malformed"',
      'type="unknown",result="refused"',
    ]);
  });

  it('leave neither tokens nor paths in the log, and end with the process', async () => {
    cli.process.kill('SIGTERM');
    const { code, stderr, stdout } = await cli.ended;
    expect(code).toBe(0);
    const written = stderr + stdout + remote.git('log', '-p', '--format=raw');
    for (const secret of [TOKEN, ...Object.values(paths)]) expect(written).not.toContain(secret);
    await expect(post('/', '{}')).rejects.toThrow('fetch failed');
  });
});
