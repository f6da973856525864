import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWithoutGitea } from '../support/forge/availability.ts';
import { startGitea, type GiteaServer } from '../support/forge/start-gitea.ts';
import type { RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { startRegistry, type RunningRegistry } from '../support/registry/start-registry.ts';
import { openClusterStage, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { until } from './patience.ts';
import { automationIn, deployment, imagePolicy } from './resources.ts';

const isMissing =
  !hasTool('git-http-backend') || skipWithout('docker-registry') || skipWithoutApiServer();

describe.skipIf(isMissing)('promotion in a cluster', () => {
  let cluster: ClusterStage;
  let registry: RunningRegistry;
  let cli: RunningCli;

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
    cli = cluster.start('lockkeeper-0');
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

  describe.skipIf(skipWithoutGitea())('where pull requests are opened', () => {
    const NAMESPACE = 'proposals';
    const BRANCH = `lockkeeper/${NAMESPACE}-config`;
    let gitea: GiteaServer;
    beforeAll(async () => {
      gitea = await startGitea();
      await registry.pushTags('team/api', ['1.0.0', '1.1.0']);
      await cluster.kubectl(['create', 'namespace', NAMESPACE]);
      await cluster.kubectl([
        ...`create secret generic gitea --namespace ${NAMESPACE}`.split(' '),
        `--from-literal=username=${gitea.user}`,
        `--from-literal=password=${gitea.token}`,
      ]);
    }, STAGE_TIMEOUT_MS);
    afterAll(() => gitea?.stop());

    const image = () => `${registry.host}/team/api`;
    const get = (what: string, output: string) =>
      cluster.kubectl(`get ${what} --namespace ${NAMESPACE} --output ${output}`.split(' '));
    const automationStatus = async () => {
      const status = await get('imageupdateautomation/config', 'jsonpath={.status}');
      return status === '' ? {} : (JSON.parse(status) as object);
    };
    const ready = (message: string) => ({
      conditions: [{ type: 'Ready', status: 'True', reason: 'Succeeded', message }],
    });

    it('shows the open one in status, columns, Events and metrics', async () => {
      const text = deployment(`${image()}:1.0.0`, 'api', NAMESPACE);
      const url = await gitea.addRepo('config', { 'api.yaml': text });
      await cluster.apply(
        imagePolicy({ image: image(), namespace: NAMESPACE, name: 'api' }),
        automationIn(NAMESPACE, [
          'interval: 1s',
          `git: { url: "${url}", secretRef: { name: gitea } }`,
          'pullRequest: { provider: gitea, labels: [images] }',
        ]),
      );
      const pull = `${url.replace(/\.git$/, '')}/pulls/1`;
      await expect.poll(automationStatus, { timeout: 25_000 }).toMatchObject({
        ...ready(`0 of 1 location up to date, 1 waiting; 1 pull request open: ${pull}`),
        lastPush: { branch: BRANCH, pullRequest: pull },
        locations: { total: 1, upToDate: 0, pending: 1 },
      });
      expect(await get('imageupdateautomations', 'wide')).toMatch(
        new RegExp(`^NAME .* PULL REQUEST .*\nconfig .* True .* ${pull} `),
      );
      const opened = 'jsonpath={.items[?(@.reason=="PullRequestOpened")].message}';
      await expect.poll(() => get('events', opened)).toBe(`opened ${pull} Update api to 1.1.0`);
      const [, address = ''] = await cli.waitFor('stderr', /"url":"(http:[^"]+)"/);
      const metrics = await (await fetch(`${address}/metrics`)).text();
      const { host } = new URL(url);
      for (const series of [
        `lockkeeper_pull_requests_total{automation="${NAMESPACE}/config",forge="gitea",result="opened"} 1`,
        `lockkeeper_forge_requests_total{host="${host}",status="200"} `,
      ]) {
        expect(metrics).toContain(series);
      }
    });

    it('is up to date once that is merged', async () => {
      await until('it is merged', () =>
        gitea.api('POST', `/repos/${gitea.user}/config/pulls/1/merge`, { Do: 'merge' }).then(
          () => true,
          () => false,
        ),
      );
      await expect.poll(automationStatus, { timeout: 25_000 }).toMatchObject({
        ...ready('1 of 1 location up to date'),
        locations: { total: 1, upToDate: 1, pending: 0 },
      });
    });
  });
});
