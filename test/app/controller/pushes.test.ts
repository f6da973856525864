import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { settled } from '../../support/memory-ports.ts';
import { MemoryPushes } from '../../support/memory-pushes.ts';
import { PODINFO } from '../../support/texts.ts';
import { imageIn, POLICY, POLICY_SPEC, started } from './stage.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const RECEIVER = 'apps/hub';
const SPEC = { type: 'generic', secretRef: { name: 'hub' } };
const PUSHED = { image: PODINFO, tag: '6.3.0' };
/** Nothing but a push can make it scan within a test. */
const RARELY = { ...POLICY_SPEC, interval: '24h' };

/** A controller with a receiver, whose repository has a tag more than was scanned. */
async function receiving() {
  const pushes = new MemoryPushes();
  const cluster = new MemoryCluster({ 'apps/hub': { token: TOKEN } });
  cluster.apply('ImageReceiver', RECEIVER, SPEC);
  const made = await started({ cluster, pushes });
  cluster.apply('ImagePolicy', POLICY, RARELY);
  await settled();
  made.registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
  const path = () => cluster.status<{ path?: string }>('ImageReceiver', RECEIVER).path;
  const post = (body: unknown = PUSHED, to = path()) =>
    pushes.post(to ?? '', body, { token: TOKEN });
  return { ...made, cluster, pushes, path, post };
}

const lists = ({ registry }: { readonly registry: { readonly calls: readonly string[] } }) =>
  registry.calls.filter((call) => call === `list ${PODINFO}`).length;

describe('a push', () => {
  it('makes the policy scan and the repo move, long before its interval is over', async () => {
    const made = await receiving();
    expect(imageIn(made.branch)).toBe(`${PODINFO}:6.2.0`);
    expect(await made.post()).toEqual({ status: 202 });
    await settled();
    expect(imageIn(made.branch)).toBe(`${PODINFO}:6.3.0`);
    expect(made.told()).toContain('push');
  });

  it('is a hint only: what the registry has is what counts', async () => {
    const made = await receiving();
    made.registry.repositories = { [PODINFO]: ['6.2.0'] };
    expect(await made.post({ image: PODINFO, tag: '9.9.9' })).toEqual({ status: 202 });
    await settled();
    expect(imageIn(made.branch)).toBe(`${PODINFO}:6.2.0`);
  });

  it('of many events scans once, and once more at the end of the second', async () => {
    const made = await receiving();
    const before = lists(made);
    for (let count = 0; count < 40; count += 1) await made.post();
    await settled();
    expect(lists(made) - before).toBe(1);
    await made.clock.advance(1_000);
    expect(lists(made) - before).toBe(2);
    await made.clock.advance(60_000);
    expect(lists(made) - before).toBe(2);
  });

  it('scans a repository once for all of its policies', async () => {
    const made = await receiving();
    for (let count = 0; count < 5; count += 1) {
      made.cluster.apply('ImagePolicy', `apps/other-${count}`, RARELY);
    }
    await settled();
    const before = lists(made);
    await made.post();
    await settled();
    expect(lists(made) - before).toBe(1);
  });

  it('that comes while a scan is under way is followed by one more', async () => {
    const made = await receiving();
    const { registry } = made;
    let answer = () => undefined as void;
    const listTags = registry.listTags.bind(registry);
    registry.listTags = async (...call) => {
      const tags = await listTags(...call);
      await new Promise<void>((done) => (answer = done));
      return tags;
    };
    registry.repositories = { [PODINFO]: ['6.2.0'] };
    await made.post();
    await settled();
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await made.post();
    await made.clock.advance(1_000);
    registry.listTags = listTags;
    answer();
    await settled();
    expect(imageIn(made.branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('of another namespace’s receiver moves nothing', async () => {
    const made = await receiving();
    made.cluster.setSecret('other/hub', { token: TOKEN });
    made.cluster.apply('ImageReceiver', 'other/hub', SPEC);
    await settled();
    const { path } = made.cluster.status<{ path?: string }>('ImageReceiver', 'other/hub');
    expect(await made.post(PUSHED, path)).toEqual({ status: 204 });
    await settled();
    expect(imageIn(made.branch)).toBe(`${PODINFO}:6.2.0`);
  });
});

describe('a receiver', () => {
  it('tells its path in status, and is ready', async () => {
    const { cluster, path } = await receiving();
    expect(cluster.conditions('ImageReceiver', RECEIVER)).toEqual(['Ready=True Succeeded']);
    expect(path()).toMatch(/^\/hook\/[0-9a-f]{64}$/);
    expect(cluster.statusWrites.filter((ref) => ref === `ImageReceiver ${RECEIVER}`)).toHaveLength(
      1,
    );
    expect(cluster.told().filter((event) => event.includes('hub'))).toEqual([]);
  });

  it('says in status what its Secret lacks, and opens as soon as that is mended', async () => {
    const { cluster, path, post } = await receiving();
    const former = path();
    cluster.setSecret('apps/hub', { token: 'short' });
    await settled();
    expect(cluster.conditions('ImageReceiver', RECEIVER)).toEqual([
      'Ready=False SecretNotFound',
      'Reconciling=True Progressing',
    ]);
    expect(path()).toBeUndefined();
    expect(await post(PUSHED, former)).toEqual({ status: 404 });
    cluster.setSecret('apps/hub', { token: `${TOKEN}2` });
    await settled();
    expect(cluster.conditions('ImageReceiver', RECEIVER)).toEqual(['Ready=True Succeeded']);
    expect(path()).not.toBe(former);
  });

  it('whose spec is invalid is stalled, and shut', async () => {
    const { cluster, path, post } = await receiving();
    const former = path();
    cluster.apply('ImageReceiver', RECEIVER, { ...SPEC, type: 'artifactregistry' });
    await settled();
    expect(cluster.conditions('ImageReceiver', RECEIVER)).toEqual([
      'Ready=False InvalidSpec',
      'Stalled=True InvalidSpec',
    ]);
    expect(await post(PUSHED, former)).toEqual({ status: 404 });
  });

  it('that is suspended stays ready and does nothing', async () => {
    const { cluster, post, branch } = await receiving();
    cluster.apply('ImageReceiver', RECEIVER, { ...SPEC, suspend: true });
    await settled();
    expect(cluster.conditions('ImageReceiver', RECEIVER)).toEqual(['Ready=True Suspended']);
    expect(await post()).toEqual({ status: 204 });
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
  });

  it('that is deleted is shut', async () => {
    const { cluster, path, post } = await receiving();
    const former = path();
    cluster.delete('ImageReceiver', RECEIVER);
    await settled();
    expect(await post(PUSHED, former)).toEqual({ status: 404 });
  });

  it('stays open while the API server cannot be asked for its Secret', async () => {
    const { cluster, path, post } = await receiving();
    cluster.secrets.get = async () => {
      throw new AppError('cluster/unreachable', 'away', { retry: true });
    };
    cluster.request('ImageReceiver', RECEIVER, 'now');
    await settled();
    expect(cluster.conditions('ImageReceiver', RECEIVER)[0]).toMatch(/^Ready=False/);
    expect(path()).toBeDefined();
    expect(await post()).toEqual({ status: 202 });
  });

  it('is none of a process’s business that takes no pushes', async () => {
    const cluster = new MemoryCluster({ 'apps/hub': { token: TOKEN } });
    cluster.apply('ImageReceiver', RECEIVER, SPEC);
    await started({ cluster });
    expect(cluster.status('ImageReceiver', RECEIVER)).toEqual({});
  });

  it('asks senders to come again while the process ends what is under way', async () => {
    const { stop, running, post, registry } = await receiving();
    let answer = () => undefined as void;
    const listTags = registry.listTags.bind(registry);
    registry.listTags = async (...call) => {
      await new Promise<void>((done) => (answer = done));
      return listTags(...call);
    };
    await post();
    await settled();
    stop.abort();
    await settled();
    expect(await post()).toEqual({ status: 503, retryAfterS: 5 });
    answer();
    await running;
  });

  it('answers nothing once the process stops or does not lead any more', async () => {
    const { stop, running, path, post } = await receiving();
    const former = path();
    stop.abort();
    await running;
    expect(await post(PUSHED, former)).toBeUndefined();
  });
});
