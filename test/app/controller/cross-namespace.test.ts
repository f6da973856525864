import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { settled } from '../../support/memory-ports.ts';
import { deploymentText, PODINFO } from '../../support/texts.ts';
import { AUTOMATION, AUTOMATION_SPEC, imageIn, POLICY_SPEC, stage, type Stage } from './stage.ts';

const SHARED = 'platform/podinfo';
const BY_NAME = { 'kubernetes.io/metadata.name': 'apps' };

const granting = (...selectors: readonly Readonly<Record<string, string>>[]) => ({
  ...POLICY_SPEC,
  accessFrom: { namespaceSelectors: selectors.map((matchLabels) => ({ matchLabels })) },
});

/** A controller of an automation in `apps` whose repo names a policy of `platform`. */
async function running(policy: unknown, given: Stage = {}) {
  const files = { 'web.yaml': deploymentText(undefined, { marker: 'platform:podinfo' }) };
  const made = stage({ files, ...given });
  if (policy !== undefined) made.cluster.apply('ImagePolicy', SHARED, policy);
  made.cluster.apply('ImageUpdateAutomation', AUTOMATION, AUTOMATION_SPEC);
  void made.start();
  await settled();
  const ready = () => {
    const { conditions = [] } = made.cluster.status<{
      conditions?: readonly { type: string; status: string; reason: string; message: string }[];
    }>('ImageUpdateAutomation', AUTOMATION);
    const found = conditions.find(({ type }) => type === 'Ready');
    return `${found?.status} ${found?.reason}: ${found?.message}`;
  };
  return { ...made, ready, image: () => imageIn(made.branch) };
}

const OLD = `${PODINFO}:6.1.0`;
const NEW = `${PODINFO}:6.2.0`;

describe('a policy of another namespace', () => {
  it('is used where it grants access by the name of the namespace, and no namespace is read for that', async () => {
    const { image, ready, cluster, stop } = await running(granting(BY_NAME));
    expect(image()).toBe(NEW);
    expect(ready()).toBe('True Succeeded: 1 of 1 location up to date');
    expect(cluster.namespaceReads).toEqual([]);
    stop.abort();
  });

  it('is used where it grants access by labels of the namespace, which is asked once in a pass', async () => {
    const cluster = new MemoryCluster();
    cluster.namespaces.set('apps', { team: 'web' });
    cluster.apply('ImagePolicy', 'platform/other', granting({ team: 'web' }));
    const files = {
      'web.yaml': deploymentText(undefined, { marker: 'platform:podinfo' }),
      'job.yaml': deploymentText(undefined, { marker: 'platform:other' }),
    };
    const { branch, stop } = await running(granting({ team: 'web' }), { cluster, files });
    expect(Object.keys(files).map((file) => imageIn(branch, file))).toEqual([NEW, NEW]);
    expect(cluster.namespaceReads).toEqual(['apps']);
    stop.abort();
  });

  it('scans with the Secrets of its own namespace', async () => {
    const cluster = new MemoryCluster({
      'platform/login': { username: 'platform', password: 'secret' },
    });
    const spec = { ...granting(BY_NAME), secretRef: { name: 'login' } };
    const { image, stop } = await running(spec, { cluster });
    expect(image()).toBe(NEW);
    expect(new Set(cluster.secretReads)).toEqual(new Set(['platform/login']));
    stop.abort();
  });

  it.each([
    ['no access', POLICY_SPEC],
    ['access to another namespace alone', granting({ 'kubernetes.io/metadata.name': 'web' })],
  ])('is left alone where it grants %s, and status says what to do', async (_, policy) => {
    const { image, ready, stop } = await running(policy);
    expect(image()).toBe(OLD);
    expect(ready()).toMatch(
      /^True Succeeded: no field .+; web\.yaml:\d+:\d+: ImagePolicy platform\/podinfo exists, but grants namespace apps no access; add that namespace to its spec\.accessFrom$/,
    );
    stop.abort();
  });

  it('is used as soon as it grants access, and no longer once it does not', async () => {
    const { image, cluster, registry, clock, stop } = await running(POLICY_SPEC);
    cluster.apply('ImagePolicy', SHARED, granting(BY_NAME));
    await settled();
    expect(image()).toBe(NEW);
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    cluster.apply('ImagePolicy', SHARED, POLICY_SPEC);
    await clock.advance(600_000);
    expect(image()).toBe(NEW);
    stop.abort();
  });

  it('is used as soon as there is one, follows its new tags, and is missed once it is deleted', async () => {
    const { image, ready, cluster, clock, registry, stop } = await running(undefined);
    expect(ready()).toContain('marker names ImagePolicy platform/podinfo, which is not among');
    cluster.apply('ImagePolicy', SHARED, granting(BY_NAME));
    await settled();
    expect(image()).toBe(NEW);
    registry.repositories = { [PODINFO]: ['6.2.0', '6.3.0'] };
    await clock.advance(300_000);
    expect(image()).toBe(`${PODINFO}:6.3.0`);
    cluster.delete('ImagePolicy', SHARED);
    await settled();
    expect(ready()).toContain('marker names ImagePolicy platform/podinfo, which is not among');
    stop.abort();
  });

  it('never owns fields without a marker', async () => {
    const files = {
      'web.yaml': deploymentText(undefined, { marker: '' }),
      'a.yaml': deploymentText(undefined, { marker: 'platform:podinfo' }),
    };
    const cluster = new MemoryCluster();
    const made = stage({ files, cluster });
    cluster.apply('ImagePolicy', SHARED, granting(BY_NAME));
    const spec = { ...AUTOMATION_SPEC, update: { strategy: 'Images' } };
    cluster.apply('ImageUpdateAutomation', AUTOMATION, spec);
    void made.start();
    await settled();
    expect(imageIn(made.branch)).toBe(OLD);
    expect(imageIn(made.branch, 'a.yaml')).toBe(NEW);
    made.stop.abort();
  });

  it('is left alone while the labels that decide cannot be read, and the automation is not ready', async () => {
    const cluster = new MemoryCluster();
    const forbidden = 'not allowed to get namespaces "apps"; grant that by RBAC';
    cluster.namespaces.set('apps', new AppError('cluster/forbidden', forbidden, { retry: true }));
    const { image, ready, clock, stop } = await running(granting({ team: 'web' }), { cluster });
    expect(image()).toBe(OLD);
    expect(ready()).toMatch(
      /^False AccessDenied: web\.yaml:\d+:\d+: ImagePolicy platform\/podinfo/,
    );
    expect(ready()).toContain(forbidden);
    cluster.namespaces.set('apps', { team: 'web' });
    await clock.advance(300_000);
    expect(image()).toBe(NEW);
    stop.abort();
  });

  it('is told to be unusable where its spec is', async () => {
    const { image, ready, stop } = await running({ ...granting(BY_NAME), interval: '0s' });
    expect(image()).toBe(OLD);
    expect(ready()).toContain('ImagePolicy platform/podinfo, which cannot be used; see its status');
    stop.abort();
  });

  it('is never used with --no-cross-namespace-refs, which status names', async () => {
    const options = { crossNamespaceRefs: false };
    const { image, ready, stop } = await running(granting(BY_NAME), { options });
    expect(image()).toBe(OLD);
    expect(ready()).toContain('switched off (--no-cross-namespace-refs)');
    stop.abort();
  });
});
