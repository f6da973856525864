import { describe, expect, it } from 'vitest';
import { runFromFolders } from '../../../src/app/standalone/run-from-folders.ts';
import type { StandaloneEvent } from '../../../src/app/standalone/run-standalone.ts';
import { AppError } from '../../../src/domain/errors.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  settled,
  type Files,
} from '../../support/memory-ports.ts';
import { MemoryPushes } from '../../support/memory-pushes.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const PUSHED = { image: PODINFO, tag: '6.3.0' };
const RARELY = 'interval: 24h';
const RECEIVER = [
  'apiVersion: lockkeeper.dev/v1alpha1',
  'kind: ImageReceiver',
  'metadata: {name: hub, namespace: apps}',
  'spec:',
  '  type: generic',
  '  secretRef: {name: hub}',
  '',
].join('\n');
const CONFIG = {
  'policy.yaml': policyText('podinfo', PODINFO, RARELY),
  'automation.yaml': automationText('update', RARELY),
  'receiver.yaml': RECEIVER,
};

/** A controller over memory with a receiver, whose repository has a tag more than was scanned. */
async function start({
  config = CONFIG,
  repo = {},
}: { readonly config?: Files; readonly repo?: Files } = {}) {
  const clock = new FakeClock();
  const branch = new MemoryBranch({ 'web.yaml': deploymentText(), ...repo });
  const folders: Record<string, Files> = { conf: config };
  const secrets: Record<string, Record<string, string>> = { 'apps/hub': { token: TOKEN } };
  const ports = memoryPorts({
    clock,
    branch,
    folders,
    secrets,
    repositories: { [PODINFO]: ['6.1.0', '6.2.0'] },
  });
  const pushes = new MemoryPushes();
  const events: StandaloneEvent[] = [];
  const [stop, abort] = [new AbortController(), new AbortController()];
  const running = runFromFolders(
    { ...ports, pushes },
    { configPaths: ['conf'], crossNamespace: { isAllowed: true } },
    {
      signals: { stop: stop.signal, abort: abort.signal },
      onEvent: (event) => events.push(event),
    },
  );
  running.catch(() => undefined);
  await settled();
  ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
  const path = (token = TOKEN) => pushes.messages.pathOf({ namespace: 'apps', name: 'hub' }, token);
  return {
    clock,
    branch,
    ports,
    secrets,
    running,
    stop,
    configure: (changed: Files) => (folders['conf'] = changed),
    post: (token = TOKEN) => pushes.post(path(token), PUSHED, { token }),
    told: () => events.splice(0).map(({ kind }) => kind),
    events,
  };
}

function image({ current }: MemoryBranch) {
  const web = current['web.yaml'];
  return typeof web === 'string' ? /image: (\S+)/.exec(web)?.[1] : undefined;
}

describe('a push without a cluster', () => {
  it('makes the repo move, long before any interval is over', async () => {
    const { branch, post, told } = await start();
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    told();
    expect(await post()).toEqual({ status: 202 });
    await settled();
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
    expect(told()).toEqual(['push', 'pass']);
  });

  it('concerns policies of the config repo, too', async () => {
    const { 'policy.yaml': ofRepo, ...config } = CONFIG;
    const { branch, post } = await start({ config, repo: { 'policy.yaml': ofRepo } });
    expect(image(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(await post()).toEqual({ status: 202 });
    await settled();
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('during a pass is followed by another one', async () => {
    const { branch, post, ports, clock } = await start();
    let go = () => undefined as void;
    const listTags = ports.registry.listTags.bind(ports.registry);
    ports.registry.listTags = async (...call) => {
      const tags = await listTags(...call);
      await new Promise<void>((done) => (go = done));
      return tags;
    };
    ports.registry.repositories = { [PODINFO]: ['6.2.0'] };
    await post();
    await settled();
    ports.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await post();
    await clock.advance(1_000);
    ports.registry.listTags = listTags;
    go();
    await settled();
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('does not make a Git server that fails be asked before its time', async () => {
    const { branch, post, clock } = await start();
    branch.failures = [new AppError('git/unreachable', 'down', { afterMs: 60_000 })];
    await post();
    await clock.advance(1_000);
    const heads = branch.heads;
    await post();
    await clock.advance(30_000);
    expect(branch.heads).toBe(heads);
    await clock.advance(60_000);
    expect(image(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('needs the token that the Secret has now', async () => {
    const { post, secrets, clock } = await start();
    secrets['apps/hub'] = { token: `${TOKEN}2` };
    await clock.advance(10_000);
    expect(await post()).toEqual({ status: 404 });
    expect(await post(`${TOKEN}2`)).toEqual({ status: 202 });
  });

  it('goes nowhere when its receiver is taken out of the folder, or the process stops', async () => {
    const { post, configure, clock, stop, running } = await start();
    const { 'receiver.yaml': _, ...others } = CONFIG;
    configure(others);
    await clock.advance(10_000);
    expect(await post()).toEqual({ status: 404 });
    stop.abort();
    await running;
    expect(await post()).toBeUndefined();
  });
});

describe('a receiver without a Secret', () => {
  it('is told of once, and opens when the Secret is there', async () => {
    const { secrets, clock, events, post } = await start();
    delete secrets['apps/hub'];
    events.splice(0);
    await clock.advance(60_000);
    expect(events).toMatchObject([
      {
        kind: 'receiver-failed',
        receiver: 'apps/hub',
        error: { code: 'secret/not-found', message: 'there is no Secret apps/hub' },
      },
    ]);
    secrets['apps/hub'] = { token: TOKEN };
    await clock.advance(10_000);
    expect(await post()).toEqual({ status: 202 });
  });
});
