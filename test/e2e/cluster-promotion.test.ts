import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { openClusterStage, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { until } from './patience.ts';
import { deployment, imagePolicy } from './resources.ts';

const isMissing =
  !hasTool('git-http-backend') || skipWithout('docker-registry') || skipWithoutApiServer();

describe.skipIf(isMissing)('promotion in a cluster', () => {
  let cluster: ClusterStage;
  let registry: RunningRegistry;

  beforeAll(async () => {
    cluster = await openClusterStage();
    registry = await startRegistry({ kind: 'docker-registry' });
    await registry.pushTags('team/web', ['1.0.0']);
    const image = `${registry.host}/team/web`;
    cluster.remote.commit(
      {
        'staging.yaml': deployment(`${image}:1.0.0`, 'staging'),
        'production.yaml': deployment(`${image}:1.0.0`, 'production'),
      },
      { time: new Date(Date.now() - 2 * 60 * 60 * 1_000) },
    );
    const policy = (name: string, ...spec: readonly string[]) =>
      imagePolicy({ name, image, spec: ['insecure: true', 'interval: 1s', ...spec] });
    await cluster.apply(
      policy('staging'),
      policy('production', 'promoteFrom: {policy: staging, soak: 1h}'),
    );
    cluster.start('lockkeeper-0');
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.close();
    await registry?.stop();
  });

  const statusOf = async (name: string, namespace = 'apps') => {
    const args = `get imagepolicy/${name} --namespace ${namespace} --output jsonpath={.status}`;
    const status = await cluster.kubectl(args.split(' '));
    return (status === '' ? {} : JSON.parse(status)) as {
      readonly deployed?: unknown;
      readonly pending?: unknown;
      readonly latest?: unknown;
      readonly conditions?: unknown;
    };
  };
  const patch = (spec: object, name = 'production') =>
    cluster.kubectl([
      ...`patch imagepolicy/${name} --namespace apps --type merge --patch`.split(' '),
      JSON.stringify({ spec }),
    ]);
  const holds = (file: string, tag: string) => cluster.remote.read(file).includes(`:${tag} #`);
  const commitTime = (file: string) =>
    Number(cluster.remote.git('log', '-1', '--format=%ct', 'main', '--', file));

  it('follows what staging holds, which its status tells', async () => {
    await expect
      .poll(() => statusOf('staging'), { timeout: 25_000 })
      .toMatchObject({
        deployed: [{ automation: 'apps/config', images: ['1.0.0'] }],
      });
    await expect
      .poll(() => statusOf('production'), { timeout: 25_000 })
      .toMatchObject({ latest: { tag: '1.0.0' } });
  });

  it('waits for the soak, says so, and writes what has soaked', async () => {
    await registry.pushTags('team/web', ['1.1.0']);
    await until('staging is at 1.1.0', () => holds('staging.yaml', '1.1.0'));
    await expect
      .poll(() => statusOf('production'), { timeout: 25_000 })
      .toMatchObject({
        latest: { tag: '1.0.0' },
        pending: [{ tag: '1.1.0', eligibleAt: expect.stringMatching(/Z$/) }],
      });
    await patch({ promoteFrom: { soak: '3s' } });
    await until('production is at 1.1.0', () => holds('production.yaml', '1.1.0'));
    expect(commitTime('production.yaml') - commitTime('staging.yaml')).toBeGreaterThanOrEqual(3);
    await expect
      .poll(() => statusOf('staging'), { timeout: 25_000 })
      .toMatchObject({ deployed: [{ images: ['1.0.0'] }, { images: ['1.1.0'] }] });
  });

  it('is not ready where the policy that it names is not there, and says which', async () => {
    await patch({ promoteFrom: { policy: 'stagin' } });
    await expect
      .poll(() => statusOf('production'), { timeout: 25_000 })
      .toMatchObject({
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'PromotionInvalid',
            message:
              'spec.promoteFrom.policy: there is no ImagePolicy apps/stagin; did you mean staging?',
          },
        ],
      });
  });

  it('is promoted from another namespace when that one grants it', async () => {
    await cluster.kubectl(['create', 'namespace', 'live']);
    const image = `${registry.host}/team/web`;
    const promotion = 'promoteFrom: {policy: staging, namespace: apps}';
    const live = { name: 'web', namespace: 'live', image };
    await cluster.apply(imagePolicy({ ...live, spec: ['insecure: true', promotion] }));
    const status = () => statusOf('web', 'live');
    const message =
      'ImagePolicy apps/staging exists, but grants namespace live no access; add that namespace to its spec.accessFrom';
    await expect
      .poll(status, { timeout: 25_000 })
      .toMatchObject({ conditions: [{ reason: 'PromotionInvalid', message }] });
    await cluster.kubectl(['label', 'namespace', 'live', 'tier=live']);
    const accessFrom = { namespaceSelectors: [{ matchLabels: { tier: 'live' } }] };
    await patch({ accessFrom }, 'staging');
    await expect.poll(status, { timeout: 25_000 }).toMatchObject({ latest: { tag: '1.1.0' } });
  });
});
