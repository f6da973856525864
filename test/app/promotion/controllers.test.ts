import { describe, expect, it } from 'vitest';
import { BY_NAME_ONLY } from '../../../src/app/access/policy-grants.ts';
import { runFromFolders } from '../../../src/app/standalone/run-from-folders.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import {
  FakeClock,
  MemoryBranch,
  memoryPorts,
  settled,
  type Files,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';
import { imageIn, stage } from '../controller/stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const urlOf = (name: string) => `https://git.example.com/${name}.git`;
const web = (policy: string, tag: string) =>
  deploymentText(`${PODINFO}:${tag}`, { marker: `apps:${policy}` });

/** One repo for each of the two policies. */
function repos() {
  return {
    staging: new MemoryBranch({ 'web.yaml': web('staging', '6.1.0') }),
    prod: new MemoryBranch({ 'web.yaml': web('prod', '6.1.0') }),
  };
}

type Repos = ReturnType<typeof repos>;

const tagIn = (branch: MemoryBranch) => imageIn(branch)?.split(':')[1];
const tagsIn = ({ staging, prod }: Repos) => [tagIn(staging), tagIn(prod)];
const revert = ({ staging }: Repos, clock: FakeClock) =>
  staging.commitByOther({ 'web.yaml': web('staging', '6.1.0') }, { time: clock.now() });

describe('two repos without a cluster', () => {
  async function start(over: Files = {}) {
    const clock = new FakeClock();
    const both = repos();
    const config: Files = {
      'staging.yaml': policyText('staging'),
      'prod.yaml': policyText('prod', PODINFO, 'promoteFrom: {policy: staging, soak: 1h}'),
      'automations.yaml': ['staging', 'prod']
        .map((name) => automationText(name, 'interval: 30m').replace(urlOf('config'), urlOf(name)))
        .join('---\n'),
      ...over,
    };
    const folders: Record<string, Files> = { conf: config };
    const ports = memoryPorts({
      clock,
      folders,
      repositories: { [PODINFO]: ['6.1.0', '6.2.0'] },
    });
    const branch = async ({ url }: { readonly url: string }) => {
      const found = Object.entries(both).find(([name]) => urlOf(name) === url)?.[1];
      if (found === undefined) throw new AppError('git/not-found', `there is no ${url}`);
      return found;
    };
    const run = async () => {
      const stop = new AbortController();
      const running = runFromFolders(
        { ...ports, open: { ...ports.open, branch } },
        { configPaths: ['conf'], crossNamespace: BY_NAME_ONLY },
        { signals: { stop: stop.signal, abort: stop.signal }, onEvent: () => undefined },
      );
      await settled();
      return async () => {
        stop.abort();
        await running;
      };
    };
    return {
      clock,
      both,
      run,
      end: await run(),
      tags: () => tagsIn(both),
      configure: (files: Files) => (folders['conf'] = { ...config, ...files }),
    };
  }

  it('promote from the one to the other at the very moment', async () => {
    const { clock, tags } = await start();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(HOUR - 1);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('go on soaking after a restart, neither anew nor sooner', async () => {
    const { clock, tags, end, run } = await start();
    await clock.advance(40 * MINUTE);
    await end();
    await clock.advance(10 * MINUTE);
    await run();
    await clock.advance(10 * MINUTE - 1);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('promote nothing that a person took back, although nobody had looked since', async () => {
    const { clock, tags, both } = await start();
    await clock.advance(50 * MINUTE);
    revert(both, clock);
    await clock.advance(3 * HOUR);
    expect(tags()).toEqual(['6.1.0', '6.1.0']);
  });

  it('promote nothing while the one cannot be reached', async () => {
    const { clock, tags, both } = await start();
    await clock.advance(50 * MINUTE);
    const down = new AppError('git/unreachable', 'no route', { retry: true });
    both.staging.failures = Array.from({ length: 20 }, () => down);
    await clock.advance(30 * MINUTE);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    both.staging.failures = [];
    await clock.advance(31 * MINUTE);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('promote nothing while the one is not read', async () => {
    const { clock, tags, configure } = await start();
    await clock.advance(10 * MINUTE);
    configure({
      'automations.yaml': [
        automationText('staging', 'suspend: true'),
        automationText('prod', 'interval: 30m'),
      ]
        .join('---\n')
        .replaceAll(urlOf('config'), urlOf('prod')),
    });
    await clock.advance(5 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
  });

  it('promote nothing that was taken back while the one was not read', async () => {
    const automations = (...staging: readonly string[]) => ({
      'automations.yaml': [
        automationText('staging', 'interval: 1h', ...staging).replace(
          urlOf('config'),
          urlOf('staging'),
        ),
        automationText('prod', 'interval: 30m').replace(urlOf('config'), urlOf('prod')),
      ].join('---\n'),
    });
    const old = policyText('prod', PODINFO, 'policy: {semver: {range: "6.1.0"}}');
    const promotion = 'promoteFrom: {policy: staging, soak: 1h}';
    const { clock, tags, configure, both } = await start({
      'prod.yaml': policyText('prod', PODINFO, 'policy: {semver: {range: "6.1.0"}}', promotion),
    });
    await clock.advance(2 * HOUR);
    configure({ 'prod.yaml': old, ...automations('suspend: true') });
    await clock.advance(HOUR);
    revert(both, clock);
    configure({ 'prod.yaml': policyText('prod', PODINFO, promotion), ...automations() });
    await clock.advance(5 * HOUR);
    expect(tags()).toEqual(['6.1.0', '6.1.0']);
  });

  it('take up a promotion that was added', async () => {
    const { clock, tags, configure } = await start({
      'prod.yaml': policyText('prod', PODINFO, 'policy: {semver: {range: "6.1.0"}}'),
    });
    await clock.advance(2 * HOUR);
    configure({
      'prod.yaml': policyText('prod', PODINFO, 'promoteFrom: {policy: staging, soak: 3h}'),
    });
    await clock.advance(HOUR - 1);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });
});

const spec = { image: PODINFO, policy: { semver: { range: '6.x' } } };
const PROMOTED = { ...spec, promoteFrom: { policy: 'staging', soak: '1h' } };

describe('two repos of a cluster', () => {
  function given(cluster = new MemoryCluster(), both = repos()) {
    const branches = { [urlOf('staging')]: both.staging, [urlOf('prod')]: both.prod };
    const made = stage({ cluster, branches });
    const status = (name: string) => cluster.status('ImagePolicy', `apps/${name}`);
    return { ...made, both, status, tags: () => tagsIn(both) };
  }

  async function started() {
    const made = given();
    const { cluster } = made;
    cluster.apply('ImagePolicy', 'apps/staging', spec);
    cluster.apply('ImagePolicy', 'apps/prod', PROMOTED);
    for (const name of ['staging', 'prod']) {
      const git = { url: urlOf(name) };
      cluster.apply('ImageUpdateAutomation', `apps/${name}`, { git, interval: '30m' });
    }
    const ended = made.start();
    await settled();
    return { ...made, ended };
  }

  it('promote from the one to the other at the very moment, and say so before', async () => {
    const { clock, tags, status, cluster } = await started();
    await settled();
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(status('prod')).toMatchObject({
      latest: { tag: '6.1.0' },
      pending: [
        {
          tag: '6.2.0',
          firstSeen: '2026-06-01T12:00:00Z',
          eligibleAt: '2026-06-01T13:00:00Z',
        },
      ],
      verdicts: [
        { tag: '6.2.0', verdict: 'waiting' },
        { tag: '6.1.0', verdict: 'selected' },
      ],
      conditions: [
        {
          message:
            '6.1.0 is chosen of 2 tags; 6.2.0 soaks in apps/staging until 2026-06-01T13:00:00Z; all its locations hold it since 2026-06-01T12:00:00Z',
        },
      ],
    });
    expect(status('staging')).toMatchObject({
      deployed: [
        { automation: 'apps/staging', images: ['6.1.0'] },
        { automation: 'apps/staging', since: '2026-06-01T12:00:00Z', images: ['6.2.0'] },
      ],
    });
    await clock.advance(HOUR - 1);
    const writes = cluster.statusWrites.length;
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    await clock.advance(1);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
    expect(status('prod')).toMatchObject({ latest: { tag: '6.2.0' } });
    expect(status('prod')['pending']).toBeUndefined();
    expect(cluster.statusWrites.length).toBeGreaterThan(writes);
  });

  it('write nothing to the API server while nothing changes', async () => {
    const { clock, cluster, tags } = await started();
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
    const writes = cluster.statusWrites.length;
    await clock.advance(5 * HOUR);
    expect(cluster.statusWrites).toHaveLength(writes);
  });

  it('go on soaking under another leader', async () => {
    const first = await started();
    await first.clock.advance(40 * MINUTE);
    first.stop.abort();
    await first.ended;
    const second = given(first.cluster, first.both);
    await second.clock.advance(50 * MINUTE);
    const ended = second.start();
    await settled();
    await settled();
    expect(second.tags()).toEqual(['6.2.0', '6.1.0']);
    await second.clock.advance(10 * MINUTE - 1);
    expect(second.tags()).toEqual(['6.2.0', '6.1.0']);
    await second.clock.advance(1);
    expect(second.tags()).toEqual(['6.2.0', '6.2.0']);
    second.stop.abort();
    await ended;
  });

  it('promote nothing that was taken back', async () => {
    const { clock, both, tags, status } = await started();
    await clock.advance(40 * MINUTE);
    revert(both, clock);
    await clock.advance(5 * HOUR);
    expect(tags()).toEqual(['6.1.0', '6.1.0']);
    expect(status('prod')).toMatchObject({ latest: { tag: '6.1.0' } });
  });

  it('promote nothing while the one cannot be read, and say why', async () => {
    const { clock, both, tags, cluster, status } = await started();
    await clock.advance(10 * MINUTE);
    const down = new AppError('git/unreachable', 'no route', { retry: true });
    both.staging.failures = Array.from({ length: 50 }, () => down);
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(cluster.conditions('ImagePolicy', 'apps/prod')).toEqual(['Ready=False NotPromoted']);
    expect(status('prod')).toMatchObject({
      latest: { tag: '6.1.0' },
      conditions: [
        {
          message:
            'nobody knows what apps/staging runs: ImageUpdateAutomation apps/staging: no route',
        },
      ],
    });
  });

  it.each([
    { name: 'is not there', source: undefined, want: 'PromotionInvalid' },
    {
      name: 'follows in a circle',
      source: { ...spec, promoteFrom: { policy: 'prod' } },
      want: 'PromotionInvalid',
    },
    { name: 'cannot be used', source: { ...spec, image: 'x:y:z' }, want: 'NotPromoted' },
  ])('promote nothing where the policy $name, until that is mended', async ({ source, want }) => {
    const { clock, cluster, tags } = await started();
    if (source === undefined) cluster.delete('ImagePolicy', 'apps/staging');
    else cluster.apply('ImagePolicy', 'apps/staging', source);
    await settled();
    await clock.advance(2 * HOUR);
    expect(cluster.conditions('ImagePolicy', 'apps/prod')).toEqual([`Ready=False ${want}`]);
    expect(tags()[1]).toBe('6.1.0');
    cluster.apply('ImagePolicy', 'apps/staging', spec);
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('forget what was there when nothing is promoted any more', async () => {
    const { clock, cluster, status } = await started();
    cluster.apply('ImagePolicy', 'apps/prod', spec);
    await clock.advance(HOUR);
    expect(status('staging')['deployed']).toBeUndefined();
  });

  it('count locations of other namespaces, and tell nobody what is wrong with their repos', async () => {
    const cluster = new MemoryCluster();
    const both = repos();
    const { start, clock, status, tags } = given(cluster, both);
    const accessFrom = {
      namespaceSelectors: [{ matchLabels: { 'kubernetes.io/metadata.name': 'other' } }],
    };
    cluster.apply('ImagePolicy', 'apps/staging', { ...spec, accessFrom });
    cluster.apply('ImagePolicy', 'apps/prod', PROMOTED);
    const automation = (name: string) => ({ git: { url: urlOf(name) }, interval: '30m' });
    cluster.apply('ImageUpdateAutomation', 'apps/prod', automation('prod'));
    cluster.apply('ImageUpdateAutomation', 'other/staging', automation('staging'));
    void start();
    await clock.advance(10 * MINUTE);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    const down = new AppError('git/unreachable', 'secret of others', { retry: true });
    both.staging.failures = Array.from({ length: 50 }, () => down);
    await clock.advance(2 * HOUR);
    expect(status('prod')).toMatchObject({
      conditions: [
        {
          message:
            'nobody knows what apps/staging runs: ImageUpdateAutomation other/staging cannot look at its repo; see its status',
        },
      ],
    });
    both.staging.failures = [];
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it('see that a location without a marker cannot be read any more', async () => {
    const other = 'ghcr.io/team/podinfo';
    const cluster = new MemoryCluster();
    const both = {
      staging: new MemoryBranch({ 'web.yaml': deploymentText(`${PODINFO}:6.1.0`, { marker: '' }) }),
      prod: new MemoryBranch({ 'web.yaml': deploymentText(`${other}:6.1.0`, { marker: '' }) }),
    };
    const branches = { [urlOf('staging')]: both.staging, [urlOf('prod')]: both.prod };
    const repositories = { [PODINFO]: ['6.1.0', '6.2.0'], [other]: ['6.1.0', '6.2.0'] };
    const { start, clock } = stage({ cluster, branches, repositories });
    cluster.apply('ImagePolicy', 'apps/staging', spec);
    cluster.apply('ImagePolicy', 'apps/prod', { ...PROMOTED, image: other });
    for (const name of ['staging', 'prod']) {
      const git = { url: urlOf(name) };
      const update = { strategy: 'Images' };
      cluster.apply('ImageUpdateAutomation', `apps/${name}`, { git, update, interval: '10m' });
    }
    void start();
    await clock.advance(30 * MINUTE);
    expect(tagsIn(both)).toEqual(['6.2.0', '6.1.0']);
    const whole = deploymentText(`${PODINFO}:6.2.0`, { marker: '' });
    both.staging.commitByOther({ 'web.yaml': `${whole}  broken: [` });
    await clock.advance(3 * HOUR);
    expect(tagIn(both.prod)).toBe('6.1.0');
    expect(cluster.conditions('ImagePolicy', 'apps/prod')).toEqual(['Ready=False NotPromoted']);
    both.staging.commitByOther({ 'web.yaml': whole });
    await clock.advance(10 * MINUTE);
    expect(tagsIn(both)).toEqual(['6.2.0', '6.2.0']);
  });

  it('do not wait for an automation that was deleted', async () => {
    const { clock, cluster, tags } = await started();
    cluster.apply('ImageUpdateAutomation', 'apps/gone', { git: { url: urlOf('gone') } });
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    cluster.delete('ImageUpdateAutomation', 'apps/gone');
    await clock.advance(HOUR);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });
});

describe('two namespaces of a cluster', () => {
  const byName = { 'kubernetes.io/metadata.name': 'prod' };
  const granting = (...selectors: readonly Readonly<Record<string, string>>[]) => ({
    ...spec,
    accessFrom: { namespaceSelectors: selectors.map((matchLabels) => ({ matchLabels })) },
  });
  const from = { ...spec, promoteFrom: { policy: 'podinfo', namespace: 'staging', soak: '1h' } };

  /** `prod/podinfo` is promoted from `staging/podinfo`, each with a repo and an automation of its own namespace. */
  async function started(source: object, options: Parameters<typeof stage>[0] = {}) {
    const own = (namespace: string) =>
      new MemoryBranch({
        'web.yaml': deploymentText(`${PODINFO}:6.1.0`, { marker: `${namespace}:podinfo` }),
      });
    const both = { staging: own('staging'), prod: own('prod') };
    const branches = { [urlOf('staging')]: both.staging, [urlOf('prod')]: both.prod };
    const made = stage({ branches, ...options });
    const { cluster } = made;
    cluster.apply('ImagePolicy', 'staging/podinfo', source);
    cluster.apply('ImagePolicy', 'prod/podinfo', from);
    for (const name of ['staging', 'prod']) {
      const git = { url: urlOf(name) };
      cluster.apply('ImageUpdateAutomation', `${name}/update`, { git, interval: '30m' });
    }
    void made.start();
    await settled();
    const ready = () => {
      const { conditions } = cluster.status<{
        readonly conditions: readonly { readonly reason: string; readonly message: string }[];
      }>('ImagePolicy', 'prod/podinfo');
      return `${conditions[0]?.reason}: ${conditions[0]?.message}`;
    };
    return { ...made, both, ready, tags: () => tagsIn(both) };
  }

  it('promote from the one to the other where that is granted by name, and no namespace is read', async () => {
    const { clock, tags, cluster, ready } = await started(granting(byName));
    await clock.advance(HOUR - 1);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(ready()).toBe(
      'Succeeded: 6.1.0 is chosen of 2 tags; 6.2.0 soaks in staging/podinfo until 2026-06-01T13:00:00Z; all its locations hold it since 2026-06-01T12:00:00Z',
    );
    await clock.advance(1);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
    expect(cluster.namespaceReads).toEqual([]);
  });

  it('promote where it is granted by a label, as long as the namespace has it', async () => {
    const cluster = new MemoryCluster();
    cluster.namespaces.set('prod', { tier: 'live' });
    const { clock, tags, ready } = await started(granting({ tier: 'live' }), { cluster });
    await clock.advance(30 * MINUTE);
    expect(ready()).toMatch(
      /^Succeeded: 6\.1\.0 is chosen of 2 tags; 6\.2\.0 soaks in staging\/podinfo/,
    );
    cluster.namespaces.set('prod', {});
    await clock.advance(HOUR);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(ready()).toMatch(/^PromotionInvalid: ImagePolicy staging\/podinfo exists, but grants/);
  });

  it.each([
    {
      name: 'grants nothing',
      source: spec,
      options: {},
      want: 'PromotionInvalid: ImagePolicy staging/podinfo exists, but grants namespace prod no access; add that namespace to its spec.accessFrom',
    },
    {
      name: 'grants by labels of a namespace that is not there',
      source: granting({ tier: 'live' }),
      options: {},
      want: 'PromotionInvalid: ImagePolicy staging/podinfo exists, but grants namespace prod no access; add that namespace to its spec.accessFrom',
    },
    {
      name: 'grants, where references to other namespaces are switched off',
      source: granting(byName),
      options: { crossNamespaceRefs: false },
      want: 'PromotionInvalid: spec.promoteFrom names ImagePolicy staging/podinfo, but references to other namespaces are switched off (--no-cross-namespace-refs)',
    },
  ])('promote nothing where the policy $name', async ({ source, options, want }) => {
    const { clock, tags, ready } = await started(source, { options });
    await clock.advance(2 * HOUR);
    expect(tags()).toEqual(['6.2.0', '6.1.0']);
    expect(ready()).toBe(want);
  });

  it('tell at once that a grant by labels was taken back', async () => {
    const cluster = new MemoryCluster();
    cluster.namespaces.set('prod', { tier: 'live' });
    const { ready } = await started(granting({ tier: 'live' }), { cluster });
    await settled();
    expect(ready()).toMatch(/^Succeeded: /);
    cluster.apply('ImagePolicy', 'staging/podinfo', granting({ tier: 'test' }));
    await settled();
    expect(ready()).toMatch(/^PromotionInvalid: /);
  });

  it('tell at once that a grant was taken back, and that it was given', async () => {
    const { cluster, ready, tags, clock } = await started(granting(byName));
    await clock.advance(10 * MINUTE);
    cluster.apply('ImagePolicy', 'staging/podinfo', spec);
    await settled();
    expect(ready()).toMatch(/^PromotionInvalid: /);
    cluster.apply('ImagePolicy', 'staging/podinfo', granting({}));
    await settled();
    await settled();
    expect(ready()).toMatch(/^Succeeded: /);
    await clock.advance(50 * MINUTE);
    expect(tags()).toEqual(['6.2.0', '6.2.0']);
  });

  it.each([
    {
      scope: { namespaces: ['prod'] },
      want: 'this controller does not look at namespace staging (--namespace prod)',
    },
    {
      scope: { namespaces: [], labelSelector: 'shard=1' },
      want: 'this controller looks at objects with the labels shard=1 alone (--watch-label-selector), and there is none of that name',
    },
  ])(
    "promote nothing from a policy that is another controller's: $want",
    async ({ scope, want }) => {
      const { cluster, ready, clock, tags } = await started(granting(byName), {
        options: { scope },
      });
      // The fake cluster tells of everything, whatever the scope.
      cluster.delete('ImagePolicy', 'staging/podinfo');
      await settled();
      await clock.advance(2 * HOUR);
      expect(ready()).toBe(`NotPromoted: nobody knows what staging/podinfo runs: ${want}`);
      expect(tags()[1]).toBe('6.1.0');
    },
  );
});
