import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { startCutProxy, type CutProxy } from '../support/kubernetes/cut-proxy.ts';
import { openClusterStage, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { until } from './patience.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** How long each request to the Git server takes while an object is deleted. */
const SLOW_MS = 1_500;

/** After an outage the longest pause between attempts is half a minute. */
const PATIENCE = { timeout: 60_000, interval: 200 };
const TEST_TIMEOUT_MS = 120_000;

const isMissing = !hasTool('git-http-backend') || skipWithoutApiServer();

/** Tests build on each other. The controller reaches the API server by a proxy that can be made to fail. */
describe.skipIf(isMissing)('a controller recovers by itself', { timeout: TEST_TIMEOUT_MS }, () => {
  let cluster: ClusterStage;
  let proxy: CutProxy;
  let registry: TagServer;
  let cli: RunningCli;
  let log = '';
  let patch = 0;

  beforeAll(async () => {
    registry = await startTagServer({ web: ['1.0.0'] });
    cluster = await openClusterStage();
    cluster.remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
    await applyPolicy('1.0.x');
    proxy = await startCutProxy(Number(new URL(cluster.server.url).port));
    const address = `https://127.0.0.1:${proxy.port}`;
    cli = await cluster.startThrough(address, 'lockkeeper-0', '--no-leader-election');
    cli.process.stderr?.on('data', (text: string) => (log += text));
    const tag = pushTag();
    await until('web is up to date', () => isAt(tag), { patienceMs: 60_000 });
  }, STAGE_TIMEOUT_MS);
  beforeEach(({ onTestFailed }) => onTestFailed(() => console.error(log)));
  afterAll(async () => {
    await cluster?.close();
    await proxy?.close();
    await registry?.close();
  });

  const applyPolicy = (range: string) =>
    cluster.apply(
      imagePolicy({
        image: registry.image('web'),
        range,
        spec: ['insecure: true', 'interval: 1s'],
      }),
    );
  const applyAutomation = () =>
    cluster.apply(
      automation([`url: ${cluster.git.url('config.git')}`, 'secretRef: {name: git-login}']),
    );
  const pushTag = (minor = 0) => {
    patch += 1;
    registry.push('web', `1.${minor}.${patch}`);
    return `1.${minor}.${patch}`;
  };
  const isAt = (tag: string) => cluster.remote.read('web.yaml').includes(`:${tag} #`);
  const ready = () =>
    cluster.kubectl([
      ...'get imageupdateautomation/config --namespace apps --output'.split(' '),
      'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
    ]);
  /** Nobody works on the repo any more. */
  async function untilQuiet(): Promise<void> {
    for (let seen = -1; seen < cluster.git.log.length;) {
      seen = cluster.git.log.length;
      await delay(2 * SLOW_MS);
    }
  }
  const subjects = () => cluster.remote.git('log', '--format=%s', 'main').split('\n');

  it('from a restart of the API server, and says what it waits for meanwhile', async () => {
    const since = log.length;
    let tag = '';
    await cluster.server.restart(async () => {
      tag = pushTag();
      await expect.poll(() => log.slice(since), PATIENCE).toMatch(/cannot reach the API server/);
    });
    await expect.poll(() => isAt(tag), PATIENCE).toBe(true);
    await expect.poll(ready, PATIENCE).toBe('True');
    await expect.poll(() => log.slice(since), PATIENCE).toMatch(/"msg":"cluster works again"/);
    expect(cli.process.exitCode).toBeNull();
  });

  it('from watches that are cut again and again: it follows what changes, and writes each tag once', async () => {
    for (let minor = 1; minor <= 4; minor += 1) {
      proxy.cut();
      await applyPolicy(`1.${minor}.x`);
      proxy.cut();
      const tag = pushTag(minor);
      await expect.poll(() => isAt(tag), PATIENCE).toBe(true);
    }
    expect(subjects().toSorted()).toEqual([...new Set(subjects())].toSorted());
  });

  it('from changes that it missed and that etcd has compacted away (410)', async () => {
    proxy.freeze();
    await applyPolicy('1.9.x');
    await cluster.kubectl(
      'delete imageupdateautomation/config --namespace apps --ignore-not-found'.split(' '),
    );
    await cluster.server.compactEtcd();
    await cluster.server.restart();
    proxy.thaw();
    let tag = '';
    const chosen = () =>
      cluster.kubectl([
        ...'get imagepolicy/web --namespace apps --output'.split(' '),
        'jsonpath={.status.latest.tag}',
      ]);
    /** Does the next tag stay unwritten, though it is chosen? */
    const isLeftAlone = async () => {
      const before = cluster.remote.head();
      tag = pushTag(9);
      await expect.poll(chosen, PATIENCE).toBe(tag);
      await untilQuiet();
      return cluster.remote.head() === before;
    };
    // Policies and automations are listed apart: that the automation is gone may come through later.
    await expect.poll(isLeftAlone, PATIENCE).toBe(true);
    await applyAutomation();
    await expect.poll(() => isAt(tag), PATIENCE).toBe(true);
  });

  it('from an object that is deleted while it is worked on: nothing of it is written any more', async () => {
    const remove = () =>
      cluster.kubectl(
        'delete imageupdateautomation/config --namespace apps --ignore-not-found'.split(' '),
      );
    const latest = () => cluster.kubectl('get imgpol/web --namespace apps'.split(' '));
    await remove();
    // The watch may still be waiting to be tried again after the last test.
    await untilQuiet();
    const tag = pushTag(9);
    await expect.poll(latest, PATIENCE).toContain(tag);
    const before = cluster.git.log.length;
    // Slow enough for the deletion to arrive before the push.
    cluster.git.inject(() => ({ kind: 'slow', ms: SLOW_MS }));
    // Its first run has this tag to write, and nothing else to wait for.
    await applyAutomation();
    await until('the repo is asked', () => cluster.git.log.length > before);
    await remove();
    await untilQuiet();
    expect(isAt(tag)).toBe(false);
    cluster.git.inject(undefined);
    await applyAutomation();
    await expect.poll(() => isAt(tag), PATIENCE).toBe(true);
    await expect.poll(ready, PATIENCE).toBe('True');
  });
});
