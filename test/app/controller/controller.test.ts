import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { digest } from '../../support/builders.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { settled } from '../../support/memory-ports.ts';
import { deploymentText, policyText, PODINFO } from '../../support/texts.ts';
import {
  AUTOMATION,
  AUTOMATION_SPEC,
  GIT_URL,
  imageIn,
  POLICY,
  POLICY_SPEC,
  stage,
  started,
} from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DOWN = new AppError('registry/unreachable', 'ghcr.io does not answer', { retry: true });
const SECRET = { username: 'bot', password: 'x' };

describe('the controller of a cluster', () => {
  it('brings a repo up to date once objects are applied, and says so in both', async () => {
    const { branch, cluster, told } = await started();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({
      latest: { image: PODINFO, tag: '6.2.0' },
      lastScan: { tagCount: 2 },
      observedGeneration: 1,
    });
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { commit: 'c1', branch: 'main', time: '2026-06-01T12:00:00Z' },
      locations: { total: 1, upToDate: 1 },
      observedGeneration: 1,
    });
    expect(cluster.told().toSorted()).toEqual([
      `Normal NewTag apps/podinfo: ${PODINFO} 6.2.0`,
      `Normal Pushed apps/update: ${PODINFO} 6.1.0 -> 6.2.0 (commit c1 on main)`,
    ]);
    expect(told().slice(0, 2)).toEqual(['synced', 'leading']);
  });

  it('takes objects that are applied while it runs', async () => {
    const { start, branch, cluster } = stage();
    void start();
    await settled();
    cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.1.0`);
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
  });

  it('writes a new tag as soon as its scan has seen it', async () => {
    const { branch, clock, cluster, registry } = await started();
    cluster.told();
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(5 * MINUTE);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({
      latest: { tag: '6.3.0' },
      previous: { tag: '6.2.0' },
    });
    expect(cluster.told().toSorted()).toEqual([
      `Normal NewTag apps/podinfo: ${PODINFO} 6.2.0 -> 6.3.0`,
      `Normal Pushed apps/update: ${PODINFO} 6.2.0 -> 6.3.0 (commit c2 on main)`,
    ]);
  });

  it('writes nothing to the API server while nothing changes', async () => {
    const { clock, cluster, registry, branch } = await started();
    await clock.advance(5 * MINUTE);
    const [writes, lists] = [cluster.statusWrites.length, registry.calls.length];
    await clock.advance(60 * MINUTE);
    expect(cluster.statusWrites).toHaveLength(writes);
    expect(registry.calls).toHaveLength(lists + 12);
    expect(branch.requests).toHaveLength(1);
  });

  it('mends a status that someone else wrote', async () => {
    const { clock, cluster } = await started();
    const before = cluster.status('ImagePolicy', POLICY);
    const { uid, ref } = cluster.object('ImagePolicy', POLICY);
    await cluster.writeStatus({ ref, uid }, { latest: { image: 'nginx', tag: '1' } });
    await clock.advance(5 * MINUTE);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({
      latest: { image: PODINFO, tag: '6.2.0' },
      lastScan: { revision: (before['lastScan'] as { revision: string }).revision },
    });
  });

  it('waits for its window, says so, and writes when it opens', async () => {
    const { start, branch, cluster, clock, registry } = stage();
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    const deny = [{ cron: '0 11 * * *', duration: '90m' }];
    cluster.apply('ImageUpdateAutomation', AUTOMATION, { ...AUTOMATION_SPEC, windows: { deny } });
    void start();
    await settled();
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(20 * MINUTE);
    const writes = cluster.statusWrites.length;
    await clock.advance(10 * MINUTE - 1);
    expect(cluster.statusWrites).toHaveLength(writes);
    expect(branch.requests).toEqual([]);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({ latest: { tag: '6.3.0' } });
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True WindowClosed',
    ]);
    const reason = 'windows.deny[0] (0 11 * * *, 90m, UTC) is active until 2026-06-01T12:30:00Z';
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      locations: { total: 1, pending: 1 },
      window: { open: false, reason, nextOpen: '2026-06-01T12:30:00Z' },
    });
    await clock.advance(30 * SECOND);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
    expect(branch.requests).toHaveLength(1);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      window: { open: true, reason: 'no deny window is active' },
    });
  });

  it('does not go by policies that only lie in the repo', async () => {
    const files = { 'web.yaml': deploymentText(), 'policy.yaml': policyText() };
    const { start, branch, cluster } = stage({ files });
    cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
    void start();
    await settled();
    expect(branch.requests).toEqual([]);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
  });

  it('leaves policies of other namespaces and of other labels alone', async () => {
    const files = {
      'a.yaml': deploymentText(undefined, { marker: 'other:podinfo' }),
      'b.yaml': deploymentText(undefined, { marker: 'apps:unlabelled' }),
      'c.yaml': deploymentText(undefined, { marker: 'apps:podinfo' }),
    };
    const { start, branch, cluster } = stage({ files });
    const team = { team: 'web' };
    cluster.apply('ImagePolicy', 'other/podinfo', POLICY_SPEC, team);
    cluster.apply('ImagePolicy', 'apps/unlabelled', POLICY_SPEC);
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC, team);
    cluster.apply('ImageUpdateAutomation', AUTOMATION, {
      ...AUTOMATION_SPEC,
      policySelector: { matchLabels: team },
    });
    void start();
    await settled();
    const images = ['a.yaml', 'b.yaml', 'c.yaml'].map((file) => imageIn(branch, file));
    expect(images).toEqual([`${PODINFO}:6.1.0`, `${PODINFO}:6.1.0`, `${PODINFO}:6.2.0`]);
    cluster.apply('ImagePolicy', 'apps/unlabelled', POLICY_SPEC, team);
    await settled();
    expect(imageIn(branch, 'b.yaml')).toBe(`${PODINFO}:6.2.0`);
  });

  it('opens a repo once for all automations that work on it', async () => {
    const { start, cluster, opened, branch } = stage();
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    for (const name of ['one', 'two', 'three']) {
      cluster.apply('ImageUpdateAutomation', `apps/${name}`, AUTOMATION_SPEC);
    }
    void start();
    await settled();
    expect(opened).toHaveLength(1);
    expect(branch.requests).toHaveLength(1);
  });

  it('moves a field as soon as the lock of its policy lifts', async () => {
    const { branch, cluster, clock } = await started();
    const until = '2026-06-01T12:02:00Z';
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, lock: { tag: '6.1.0', until } });
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.1.0`);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({
      lock: { tag: '6.1.0', until },
      latest: { tag: '6.2.0' },
    });
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Locked']);
    await clock.advance(2 * MINUTE);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.status('ImagePolicy', POLICY)).not.toHaveProperty('lock');
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
  });
});

describe('a request for a run', () => {
  it('of a policy scans at once, once, and is answered', async () => {
    const { branch, cluster, registry } = await started();
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    registry.calls.splice(0);
    cluster.request('ImagePolicy', POLICY, 'now');
    await settled();
    expect(registry.calls).toEqual([`list ${PODINFO}`]);
    expect(cluster.isAnswered('ImagePolicy', POLICY)).toBe(true);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('of an automation runs it at once, and is answered', async () => {
    const { branch, cluster } = await started();
    branch.commitByOther({ 'web.yaml': deploymentText() });
    cluster.request('ImageUpdateAutomation', AUTOMATION, 'now');
    await settled();
    expect(cluster.isAnswered('ImageUpdateAutomation', AUTOMATION)).toBe(true);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
  });

  it('does not count again for a process that starts later', async () => {
    const first = await started();
    first.cluster.request('ImagePolicy', POLICY, 'now');
    await settled();
    first.stop.abort();
    await first.running;
    const second = stage({ cluster: first.cluster });
    void second.start();
    await settled();
    expect(second.registry.calls).toEqual([`list ${PODINFO}`]);
  });
});

describe('an object that cannot be used', () => {
  it.each([
    {
      name: 'is wrong',
      spec: { ...POLICY_SPEC, policy: { semver: { range: 'six' } } },
      reason: 'InvalidSpec',
    },
  ])('is stalled where its spec $name, until it is mended', async ({ spec, reason }) => {
    const { branch, cluster, registry, clock } = await started();
    cluster.apply('ImagePolicy', POLICY, spec);
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    await clock.advance(20 * MINUTE);
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual([
      `Ready=False ${reason}`,
      `Stalled=True ${reason}`,
    ]);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=False PolicyNotReady',
    ]);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('is stalled where it is an automation', async () => {
    const { cluster, branch } = await started();
    const push = { refspec: 'not a refspec' };
    cluster.apply('ImageUpdateAutomation', AUTOMATION, { ...AUTOMATION_SPEC, push });
    branch.commitByOther({ 'web.yaml': deploymentText() });
    await settled();
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=False InvalidSpec',
      'Stalled=True InvalidSpec',
    ]);
    expect(branch.requests).toHaveLength(1);
  });
});

describe('a suspended object', () => {
  it('is left alone until it is resumed, where it is a policy', async () => {
    const { branch, cluster, registry, clock } = await started();
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, suspend: true });
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Suspended']);
    registry.calls.splice(0);
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    await clock.advance(20 * MINUTE);
    expect(registry.calls).toEqual([]);
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('writes nothing to its repo, where it is an automation', async () => {
    const { branch, cluster, registry, clock } = await started();
    cluster.apply('ImageUpdateAutomation', AUTOMATION, { ...AUTOMATION_SPEC, suspend: true });
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    await clock.advance(20 * MINUTE);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({ latest: { tag: '6.3.0' } });
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Suspended',
    ]);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
  });
});

describe('a failure', () => {
  it('of a registry is told and retried, while the others go on', async () => {
    const other = 'ghcr.io/stefanprodan/other';
    const files = {
      'web.yaml': deploymentText(),
      'other.yaml': deploymentText(`${other}:1.0.0`, { marker: 'apps:other' }),
    };
    const { start, branch, cluster, registry, clock } = stage({
      files,
      repositories: { [PODINFO]: DOWN, [other]: ['1.1.0'] },
    });
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    cluster.apply('ImagePolicy', 'apps/other', { ...POLICY_SPEC, image: other });
    cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
    void start();
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual([
      'Ready=False ScanFailed',
      'Reconciling=True Progressing',
    ]);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=False PolicyNotReady',
    ]);
    expect(imageIn(branch, 'other.yaml')).toBe(`${other}:1.1.0`);
    expect(cluster.told()).toContain('Warning ScanFailed apps/podinfo: ghcr.io does not answer');

    registry.repositories = { [PODINFO]: ['6.2.0'], [other]: ['1.1.0'] };
    await clock.advance(15 * SECOND);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
    expect(cluster.told().filter((event) => event.startsWith('Warning'))).toEqual([]);
  });

  it('of a digest alone is told, and asked for again soon', async () => {
    const { start, cluster, registry, clock } = stage({
      repositories: { [PODINFO]: { '6.2.0': digest('a') } },
    });
    const ask = registry.digest.bind(registry);
    registry.digest = async () => Promise.reject(DOWN);
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, digestReflectionPolicy: 'Always' });
    void start();
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toContain('Ready=False ScanFailed');
    registry.digest = ask;
    await clock.advance(SECOND);
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({
      latest: { tag: '6.2.0', digest: digest('a') },
    });
    expect(registry.calls.filter((call) => call.startsWith('list'))).toHaveLength(1);
  });

  it('of a Git server is told, and repeated with growing pauses', async () => {
    const { branch, cluster, clock, told } = await started();
    branch.commitByOther({ 'web.yaml': deploymentText() });
    const failure = new AppError('git/unreachable', 'git.example.com does not answer');
    branch.failures = Array.from({ length: 3 }, () => failure);
    told();
    await clock.advance(5 * MINUTE);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=False GitFailed',
      'Reconciling=True Progressing',
    ]);
    await clock.advance(10 * SECOND);
    expect(told().filter((kind) => kind === 'failed')).toHaveLength(3);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { commit: 'c3' },
    });
  });

  it('of the API server loses no push: status tells of it when it can', async () => {
    const { start, branch, cluster, clock } = stage();
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
    const away = new AppError('internal', 'the API server does not answer');
    cluster.writeFailures = Array.from({ length: 6 }, () => away);
    void start();
    await settled();
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toEqual({});
    await clock.advance(MINUTE);
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { commit: 'c1', time: '2026-06-01T12:00:00Z' },
    });
    expect(branch.requests).toHaveLength(1);
    expect(cluster.told().filter((event) => event.includes('Pushed'))).toHaveLength(1);
  });
});

describe('an API server that is away', () => {
  it('is asked with growing pauses, and the repo is kept up to date meanwhile', async () => {
    const { branch, cluster, clock, registry, told } = await started();
    cluster.writeFailures = Array.from({ length: 1_000 }, () => new AppError('internal', 'away'));
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    await clock.advance(5 * MINUTE);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
    told();
    branch.heads = 0;
    await clock.advance(60 * MINUTE);
    // Both objects, about every five minutes in the end.
    expect(told().filter((kind) => kind === 'failed').length).toBeLessThan(60);
    expect(branch.heads).toBeLessThan(40);
    cluster.writeFailures = [];
    await clock.advance(5 * MINUTE);
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({ latest: { tag: '6.3.0' } });
    expect(cluster.status('ImageUpdateAutomation', AUTOMATION)).toMatchObject({
      lastPush: { commit: 'c2' },
    });
  });
});

describe('a Secret', () => {
  it('that is missing is named, and the policy tries at once when it is there', async () => {
    const { start, cluster, registry } = stage();
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, secretRef: { name: 'login' } });
    void start();
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toContain('Ready=False SecretNotFound');
    expect(registry.calls).toEqual([]);
    cluster.setSecret('apps/login', SECRET);
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(registry.access).toMatchObject([{ basic: SECRET }]);
  });

  it('that is rotated is used at once, by those alone who name it', async () => {
    const cluster = new MemoryCluster({ 'apps/login': SECRET, 'apps/git': SECRET });
    const { start, registry, opened } = stage({ cluster });
    cluster.apply('ImagePolicy', POLICY, { ...POLICY_SPEC, secretRef: { name: 'login' } });
    cluster.apply('ImagePolicy', 'apps/open', POLICY_SPEC);
    const git = { url: GIT_URL, secretRef: { name: 'git' } };
    cluster.apply('ImageUpdateAutomation', AUTOMATION, { git });
    void start();
    await settled();
    registry.access.splice(0);
    opened.splice(0);
    const rotated = { ...SECRET, password: 'new' };
    cluster.setSecret('apps/login', rotated);
    await settled();
    expect(registry.access).toMatchObject([{ basic: rotated }]);
    expect(opened).toEqual([]);
    cluster.setSecret('apps/git', rotated);
    await settled();
    expect(opened).toMatchObject([{ basic: rotated }]);
    cluster.setSecret('other/login', rotated);
    await settled();
    expect(registry.access).toHaveLength(1);
  });
});

describe('an object that is deleted', () => {
  it('while it is worked on is let go of, and what it would have written is not', async () => {
    const { branch, cluster, registry, clock, told } = await started();
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    // The commit is made; just before the push the automation goes.
    const commit = branch.commit.bind(branch);
    branch.commit = async (request) => {
      cluster.delete('ImageUpdateAutomation', AUTOMATION);
      return commit(request);
    };
    told();
    await clock.advance(30 * MINUTE);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(told()).not.toContain('failed');
    expect(cluster.status('ImagePolicy', POLICY)).toMatchObject({ latest: { tag: '6.3.0' } });
    expect(branch.closed).toBeGreaterThan(0);
  });

  it('just before its status is written does no harm, and may come back', async () => {
    const { cluster, registry, clock, branch, told } = await started();
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    let deletions = 0;
    cluster.beforeWrite = ({ kind }) => {
      if (kind === 'ImagePolicy' && deletions === 0) {
        deletions += 1;
        cluster.delete('ImagePolicy', POLICY);
      }
    };
    told();
    await clock.advance(5 * MINUTE);
    expect(deletions).toBe(1);
    expect(told()).not.toContain('failed');
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    await settled();
    expect(cluster.conditions('ImagePolicy', POLICY)).toEqual(['Ready=True Succeeded']);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('is scanned for no more', async () => {
    const { cluster, registry, clock } = await started();
    cluster.delete('ImagePolicy', POLICY);
    await settled();
    registry.calls.splice(0);
    await clock.advance(60 * MINUTE);
    expect(registry.calls).toEqual([]);
    expect(cluster.conditions('ImageUpdateAutomation', AUTOMATION)).toEqual([
      'Ready=True Succeeded',
    ]);
  });
});

describe('leading', () => {
  const lease = { namespace: 'lockkeeper', name: 'lockkeeper', identity: 'me' };

  it('that surely lasts no more pushes nothing and writes no status', async () => {
    const { branch, cluster, registry, clock } = await started({ options: { lease } });
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    const writes = cluster.statusWrites.length;
    cluster.holds = false;
    await clock.advance(5 * MINUTE);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.2.0`);
    expect(cluster.statusWrites).toHaveLength(writes);
    cluster.loseLease();
    await settled();
    // In this memory the lease comes back at once: the next term makes up for it.
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('ends with the lease, and nothing goes on behind it', async () => {
    const { cluster, told, branch, clock, registry } = await started({ options: { lease } });
    told();
    cluster.loseLease();
    await settled();
    expect(told().filter((kind) => kind === 'following' || kind === 'leading')).toEqual([
      'following',
      'leading',
    ]);
    expect(branch.closed).toBe(1);
    registry.calls.splice(0);
    await clock.advance(5 * MINUTE);
    expect(registry.calls).toEqual([`list ${PODINFO}`]);
  });

  it('gives the lease back only when the work under way has ended', async () => {
    const { branch, registry, clock, stop, running, told } = await started({ options: { lease } });
    registry.repositories = { [PODINFO]: ['6.3.0'] };
    let go: () => void = () => undefined;
    const commit = branch.commit.bind(branch);
    branch.commit = async (request) => {
      await new Promise<void>((resolve) => (go = resolve));
      return commit(request);
    };
    await clock.advance(5 * MINUTE);
    stop.abort();
    await settled();
    expect(told()).not.toContain('following');
    go();
    await running;
    expect(told().at(-1)).toBe('following');
    expect(imageIn(branch)).toBe(`${PODINFO}:6.3.0`);
  });

  it('is not begun where stop comes first', async () => {
    const { start, stop, told, cluster } = stage({ options: { lease } });
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    stop.abort();
    await start();
    expect(told()).not.toContain('leading');
    expect(cluster.statusWrites).toEqual([]);
  });
});

describe('a shard', () => {
  it('knows only the namespaces that it was given', async () => {
    const { start, cluster, branch } = stage({ options: { scope: { namespaces: ['other'] } } });
    cluster.apply('ImagePolicy', POLICY, POLICY_SPEC);
    cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
    void start();
    await settled();
    expect(cluster.statusWrites).toEqual([]);
    expect(imageIn(branch)).toBe(`${PODINFO}:6.1.0`);
  });
});

describe('a cluster that cannot be followed', () => {
  it('ends the controller with the failure, and the work with it', async () => {
    const cluster = new MemoryCluster();
    const follow = cluster.follow.bind(cluster);
    let fail: (error: AppError) => void = () => undefined;
    cluster.follow = async (kind, scope, listener, signal) => {
      const broken = new Promise<void>((_, reject) => (fail = reject));
      await Promise.race([follow(kind, scope, listener, signal), broken]);
    };
    const { running, told } = await started({ cluster });
    fail(new AppError('internal', 'forbidden'));
    await expect(running).rejects.toMatchObject({ message: 'forbidden' });
    expect(told().at(-1)).toBe('following');
  });
});
