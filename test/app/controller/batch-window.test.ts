import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import type { MemoryCluster } from '../../support/memory-cluster.ts';
import { MemoryForge } from '../../support/memory-forge.ts';
import { MemoryBranch, settled } from '../../support/memory-ports.ts';
import { deploymentText } from '../../support/texts.ts';
import { AUTOMATION, AUTOMATION_SPEC, GIT_URL, stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
/** The moment at which a batch of 10 minutes ends that a tag of 12:01:00 began. */
const UNTIL = '2026-06-01T12:11:00Z';

const SPEC = { ...AUTOMATION_SPEC, interval: '1m', batchWindow: '10m' };

const imageOf = (name: string) => `registry.local/${name}`;
const files = Object.fromEntries(
  NAMES.map((name) => [
    `${name}.yaml`,
    deploymentText(`${imageOf(name)}:1.0.0`, { marker: `apps:${name}` }),
  ]),
);

/** What a test's automation says besides, and where it works. */
interface Given {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly cluster?: MemoryCluster;
  readonly branch?: MemoryBranch;
  readonly forge?: MemoryForge;
}

/** A controller that is yet to start, over five policies that are looked at each minute. */
function given({ spec = {}, cluster, branch = new MemoryBranch(files), forge }: Given = {}) {
  const made = stage({
    branches: { [GIT_URL]: branch },
    repositories: Object.fromEntries(NAMES.map((name) => [imageOf(name), ['1.0.0']])),
    ...(cluster === undefined ? {} : { cluster }),
    ...(forge === undefined ? {} : { forge }),
  });
  const { registry } = made;
  if (cluster === undefined) {
    for (const name of NAMES) {
      made.cluster.apply('ImagePolicy', `apps/${name}`, {
        image: imageOf(name),
        interval: '1m',
        policy: { semver: { range: '>=0.0.0' } },
      });
    }
    const own = { ...SPEC, ...spec };
    made.cluster.apply('ImageUpdateAutomation', AUTOMATION, own);
  }
  return {
    ...made,
    branch,
    release: (name: string, ...tags: readonly string[]) => {
      registry.repositories = { ...registry.repositories, [imageOf(name)]: tags };
    },
    tags: () =>
      NAMES.map((name) => /image: [^:]+:(\S+)/.exec(branch.current[`${name}.yaml`] as string)?.[1]),
    subjects: () => branch.requests.map(({ message }) => message.split('\n', 1)[0]),
    status: () => made.cluster.status<{ batch?: unknown }>('ImageUpdateAutomation', AUTOMATION),
    ready: () => {
      const { conditions = [] } = made.cluster.status<{
        conditions?: { type: string; reason: string; message: string }[];
      }>('ImageUpdateAutomation', AUTOMATION);
      const found = conditions.find(({ type }) => type === 'Ready');
      return `${found?.reason}: ${found?.message}`;
    },
  };
}

async function started(options: Given = {}) {
  const made = given(options);
  const ended = made.start();
  await settled();
  return { ...made, ended };
}

describe('an automation with a batch window', () => {
  it('makes one commit of all that comes within it', async () => {
    const { clock, release, tags, subjects, ready, status, cluster } = await started();
    for (const name of NAMES) {
      release(name, '2.0.0');
      await clock.advance(MINUTE);
    }
    expect(subjects()).toEqual([]);
    expect(status().batch).toEqual({ since: '2026-06-01T12:01:00Z', until: UNTIL });
    expect(ready()).toBe(
      `Batching: 5 locations to be changed wait for more changes until ${UNTIL} (batchWindow 10m)`,
    );
    await clock.advance(6 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(1);
    expect(subjects()).toEqual([
      'Update a to 2.0.0, b to 2.0.0, c to 2.0.0, d to 2.0.0, e to 2.0.0',
    ]);
    expect(tags()).toEqual(NAMES.map(() => '2.0.0'));
    expect(status()).not.toHaveProperty('batch');
    expect(ready()).toBe('Succeeded: 5 of 5 locations up to date');
    expect(cluster.told().filter((event) => event.includes('apps/update'))).toEqual([
      `Normal Batching apps/update: 1 location to be changed waits for more changes until ${UNTIL} (batchWindow 10m)`,
      expect.stringMatching(/^Normal Pushed apps\/update: /) as string,
      'Normal Succeeded apps/update: 5 of 5 locations up to date',
    ]);
  });

  it('is not kept waiting by tags that go on coming', async () => {
    const { clock, release, subjects } = await started();
    for (let minute = 0; minute < 11; minute += 1) {
      release('a', `2.0.${minute}`);
      await clock.advance(MINUTE);
    }
    expect(subjects()).toEqual(['Update a to 2.0.10']);
  });

  it('writes nothing to the API server while nothing more comes', async () => {
    const { clock, release, cluster } = await started();
    release('a', '2.0.0');
    await clock.advance(2 * MINUTE);
    const writes = cluster.statusWrites.length;
    await clock.advance(8 * MINUTE);
    expect(cluster.statusWrites).toHaveLength(writes);
  });

  it('begins anew after a commit', async () => {
    const { clock, release, subjects } = await started();
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE);
    release('b', '2.0.0');
    await clock.advance(11 * MINUTE - 1);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0', 'Update b to 2.0.0']);
  });

  it('writes what a lock says at once, and the others when their time has come', async () => {
    const { clock, release, branch, subjects, tags, status } = await started();
    release('a', '2.0.0');
    release('b', '1.0.0', '0.9.0');
    await clock.advance(MINUTE);
    const annotations = ['lockkeeper.dev/lock: "0.9.0"'];
    branch.commitByOther({
      'b.yaml': deploymentText(`${imageOf('b')}:1.0.0`, { marker: 'apps:b', annotations }),
    });
    await clock.advance(MINUTE);
    expect(tags()).toEqual(['1.0.0', '0.9.0', '1.0.0', '1.0.0', '1.0.0']);
    expect(status().batch).toMatchObject({ until: UNTIL });
    await clock.advance(9 * MINUTE);
    expect(subjects()).toEqual(['Return b to 0.9.0', 'Update a to 2.0.0']);
  });

  it('closes when nothing is left that waits', async () => {
    const { clock, release, subjects, ready, status } = await started();
    release('a', '1.0.0', '2.0.0');
    await clock.advance(MINUTE);
    release('a', '1.0.0');
    await clock.advance(5 * MINUTE);
    expect(ready()).toBe('Succeeded: 5 of 5 locations up to date');
    expect(status()).not.toHaveProperty('batch');
    release('a', '1.0.0', '2.0.0');
    await clock.advance(10 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(MINUTE);
    expect(subjects()).toHaveLength(1);
  });

  it('goes on while a registry does not answer', async () => {
    const { clock, release, registry, subjects } = await started();
    release('a', '2.0.0');
    await clock.advance(MINUTE);
    const { repositories } = registry;
    const down = new AppError('registry/unreachable', 'no answer', { retry: true });
    registry.repositories = { ...repositories, [imageOf('a')]: down };
    await clock.advance(5 * MINUTE);
    registry.repositories = repositories;
    await clock.advance(5 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
  });

  it('does not wait when a person asks', async () => {
    const { clock, release, cluster, subjects, status } = await started();
    release('a', '2.0.0');
    await clock.advance(MINUTE);
    cluster.request('ImageUpdateAutomation', AUTOMATION, 'now');
    await settled();
    expect(subjects()).toEqual(['Update a to 2.0.0']);
    expect(status()).not.toHaveProperty('batch');
    release('b', '2.0.0');
    await clock.advance(10 * MINUTE);
    expect(subjects()).toHaveLength(1);
  });

  it('does not wait when a person asked, and the first try failed', async () => {
    const { clock, release, cluster, branch, subjects } = await started();
    release('a', '2.0.0');
    await clock.advance(MINUTE);
    branch.failures = [new AppError('git/unreachable', 'down', { retry: true })];
    cluster.request('ImageUpdateAutomation', AUTOMATION, 'now');
    await clock.advance(2 * SECOND);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
  });

  it('does not begin anew under another leader', async () => {
    const first = await started();
    first.release('a', '2.0.0');
    await first.clock.advance(5 * MINUTE);
    first.stop.abort();
    await first.ended;
    const { cluster, branch } = first;
    const second = given({ cluster, branch });
    second.release('a', '2.0.0');
    await second.clock.advance(8 * MINUTE);
    void second.start();
    await second.clock.advance(3 * MINUTE - 1);
    expect(second.subjects()).toEqual([]);
    await second.clock.advance(1);
    expect(second.subjects()).toEqual(['Update a to 2.0.0']);
  });

  it('ends in time although no status can be written', async () => {
    const { clock, release, cluster, subjects } = await started();
    const down = new AppError('cluster/unreachable', 'no answer', { retry: true });
    cluster.writeFailures = Array.from({ length: 1_000 }, () => down);
    release('a', '2.0.0');
    await clock.advance(20 * MINUTE);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
  });

  it('goes on while a write window is closed, and is over at its opening', async () => {
    const deny = [{ cron: '0 12 * * *', duration: '30m' }];
    const { clock, release, subjects, ready, status } = await started({
      spec: { windows: { deny } },
    });
    release('a', '2.0.0');
    await clock.advance(MINUTE);
    expect(ready()).toMatch(/^WindowClosed: 1 location to be changed waits until /);
    expect(status().batch).toMatchObject({ until: UNTIL });
    await clock.advance(24 * MINUTE);
    release('b', '2.0.0');
    await clock.advance(5 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(30 * SECOND);
    expect(subjects()).toEqual(['Update a to 2.0.0, b to 2.0.0']);
  });

  it('goes on after the opening of a write window that came too early for it', async () => {
    const deny = [{ cron: '0 12 * * *', duration: '5m' }];
    const { clock, release, subjects, ready } = await started({ spec: { windows: { deny } } });
    release('a', '2.0.0');
    await clock.advance(6 * MINUTE);
    expect(ready()).toMatch(/^Batching: /);
    await clock.advance(5 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
  });

  it('makes a commit for each group, all at the same time', async () => {
    const { clock, release, subjects } = await started({ spec: { groupBy: 'policy' } });
    release('a', '2.0.0');
    await clock.advance(4 * MINUTE);
    release('b', '2.0.0');
    await clock.advance(7 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0', 'Update b to 2.0.0']);
  });
});

describe('an automation with a batch window and a branch of its own', () => {
  const spec = { push: { branch: 'bot' } };

  it('leaves what is there as it is until the batch is over', async () => {
    const { clock, release, branch, subjects, status, ready } = await started({ spec });
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
    await clock.advance(60 * MINUTE);
    // It waits to be merged, and not for more changes.
    expect(status()).not.toHaveProperty('batch');
    release('b', '2.0.0');
    await clock.advance(MINUTE);
    expect(ready()).toMatch(/^Batching: 1 location to be changed waits for more changes/);
    expect(status()).toMatchObject({ locations: { pending: 2 } });
    release('a', '2.0.0', '2.1.0');
    await clock.advance(10 * MINUTE - 1);
    expect(ready()).toMatch(/^Batching: 2 locations to be changed wait for more changes/);
    expect(branch.pushes).toHaveLength(1);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0', 'Update a to 2.1.0, b to 2.0.0']);
  });

  it('makes it anew at once when the base has changed under it, without what waits', async () => {
    const { clock, release, branch, subjects } = await started({ spec });
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE);
    release('b', '2.0.0');
    await clock.advance(MINUTE);
    branch.commitByOther({ 'a.yaml': `# by hand\n${files['a.yaml']}` });
    await clock.advance(MINUTE);
    expect(subjects()).toEqual(['Update a to 2.0.0', 'Update a to 2.0.0']);
    await clock.advance(9 * MINUTE);
    expect(subjects().at(-1)).toBe('Update a to 2.0.0, b to 2.0.0');
  });

  it('takes along what waits where an earlier tag of it would be lost', async () => {
    const { clock, release, branch, subjects } = await started({ spec });
    release('a', '2.0.0');
    release('b', '2.0.0');
    await clock.advance(11 * MINUTE);
    release('a', '2.0.0', '2.1.0');
    await clock.advance(MINUTE);
    branch.commitByOther({ 'b.yaml': `# by hand\n${files['b.yaml']}` });
    await clock.advance(MINUTE);
    expect(subjects()).toEqual(['Update a to 2.0.0, b to 2.0.0', 'Update a to 2.1.0, b to 2.0.0']);
  });

  it('writes what a lock says there at once, and leaves the others waiting', async () => {
    const { clock, release, branch, subjects } = await started({ spec });
    release('a', '2.0.0');
    release('b', '1.0.0', '0.9.0');
    await clock.advance(MINUTE);
    const annotations = ['lockkeeper.dev/lock: "0.9.0"'];
    branch.commitByOther({
      'b.yaml': deploymentText(`${imageOf('b')}:1.0.0`, { marker: 'apps:b', annotations }),
    });
    await clock.advance(MINUTE);
    expect(subjects()).toEqual(['Return b to 0.9.0']);
    await clock.advance(9 * MINUTE);
    expect(branch.pushes).toHaveLength(2);
  });

  it('sends nothing to a ref for review before the batch is over', async () => {
    const { clock, release, subjects } = await started({
      spec: { push: { refspec: 'HEAD:refs/for/main' } },
    });
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE - 1);
    expect(subjects()).toEqual([]);
    await clock.advance(1);
    expect(subjects()).toEqual(['Update a to 2.0.0']);
    await clock.advance(60 * MINUTE);
    expect(subjects()).toHaveLength(1);
  });
});

describe('an automation with a batch window that opens pull requests', () => {
  const spec = { groupBy: 'policy', pullRequest: { provider: 'gitea' } };

  it('opens and edits them when the batch is over, and touches no other', async () => {
    const forge = new MemoryForge();
    const { clock, release, ready } = await started({ spec, forge });
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE - 1);
    expect(forge.all).toEqual([]);
    await clock.advance(1);
    const titles = () => forge.all.map(({ title, state }) => `${title} (${state})`);
    expect(titles()).toEqual(['Update a to 2.0.0 (open)']);
    release('b', '2.0.0');
    release('c', '2.0.0');
    forge.calls.length = 0;
    await clock.advance(5 * MINUTE);
    expect(new Set(forge.calls)).toEqual(new Set(['list']));
    expect(ready()).toMatch(/^Batching: 2 locations/);
    release('a', '2.0.0', '2.1.0');
    await clock.advance(6 * MINUTE - 1);
    expect(titles()).toEqual(['Update a to 2.0.0 (open)']);
    await clock.advance(1);
    expect(titles()).toEqual([
      'Update a to 2.1.0 (open)',
      'Update b to 2.0.0 (open)',
      'Update c to 2.0.0 (open)',
    ]);
  });

  it('closes one at once that has nothing left to do', async () => {
    const forge = new MemoryForge();
    const { clock, release, branch } = await started({ spec, forge });
    release('a', '2.0.0');
    await clock.advance(11 * MINUTE);
    release('b', '2.0.0');
    branch.commitByOther({
      'a.yaml': deploymentText(`${imageOf('a')}:2.0.0`, { marker: 'apps:a' }),
    });
    await clock.advance(MINUTE);
    expect(forge.all.map(({ state }) => state)).toEqual(['closed']);
  });

  it('keeps one that is replaced by those of other groups, as long as they wait', async () => {
    const forge = new MemoryForge();
    const { clock, release, cluster } = await started({ spec: { ...spec, groupBy: 'all' }, forge });
    release('a', '2.0.0');
    release('b', '2.0.0');
    await clock.advance(11 * MINUTE);
    const states = () => forge.all.map(({ title, state }) => `${title} (${state})`);
    expect(states()).toEqual(['Update a to 2.0.0, b to 2.0.0 (open)']);
    cluster.apply('ImageUpdateAutomation', AUTOMATION, {
      ...SPEC,
      ...spec,
    });
    await clock.advance(5 * MINUTE);
    expect(states()).toEqual(['Update a to 2.0.0, b to 2.0.0 (open)']);
    await clock.advance(5 * MINUTE);
    expect(states()).toEqual([
      'Update a to 2.0.0, b to 2.0.0 (closed)',
      'Update a to 2.0.0 (open)',
      'Update b to 2.0.0 (open)',
    ]);
  });
});
