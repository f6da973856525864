import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT, type RunningCli } from '../support/cli.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { createForeign, installForeignCrds } from '../support/kubernetes/foreign-crds.ts';
import {
  createGitLogin,
  openClusterStage,
  STAGE_TIMEOUT_MS,
  type ClusterStage,
} from './cluster-stage.ts';
import { until } from './patience.ts';
import { automationIn, deployment, imagePolicy } from './resources.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** Where `config/namespaced` installs the controller unless told otherwise. */
const NAMESPACE = 'lockkeeper';
const ACCOUNT = `system:serviceaccount:${NAMESPACE}:lockkeeper`;
const PATIENCE = { timeout: 25_000, interval: 200 };

const isMissing = !hasTool('git-http-backend') || skipWithoutApiServer();

/** Tests build on each other. */
describe.skipIf(isMissing)('config/namespaced', () => {
  let cluster: ClusterStage;
  let registry: TagServer;
  let cli: RunningCli;
  let patch = 0;

  beforeAll(async () => {
    registry = await startTagServer({ web: ['1.0.0'] });
    cluster = await openClusterStage();
    await installForeignCrds(cluster.server);
    // With config/default gone there are the CRDs, and nobody who may do anything.
    for (const kind of ['clusterrolebinding', 'clusterrole']) {
      await cluster.kubectl(['delete', kind, 'lockkeeper']);
    }
    await cluster.kubectl(['create', 'namespace', NAMESPACE]);
    await cluster.kubectl(['apply', '--server-side', '-k', join(ROOT, 'config/namespaced')]);
    await createGitLogin((...call) => cluster.kubectl(...call), NAMESPACE);
    const image = registry.image('web');
    cluster.remote.commit({ 'web.yaml': deployment(`${image}:1.0.0`, 'web', NAMESPACE) });
    await cluster.apply(
      policyIn(NAMESPACE),
      automationIn(NAMESPACE, ['sourceRef: {kind: GitRepository, name: config}', 'interval: 1s']),
      // Another's, with the same repo: it is none of this controller's business.
      imagePolicy({ image, namespace: 'apps', spec: ['insecure: true', 'interval: 1s'] }),
    );
    await createForeign(cluster.server, 'GitRepository', {
      namespace: NAMESPACE,
      name: 'config',
      spec: {
        url: cluster.git.url('config.git'),
        ref: { branch: 'main' },
        secretRef: { name: 'git-login' },
      },
    });
    cli = await cluster.startIn(NAMESPACE, 'lockkeeper-0', `--namespace=${NAMESPACE}`);
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.close();
    await registry?.close();
  });

  const policyIn = (namespace: string, ...spec: readonly string[]) =>
    imagePolicy({
      image: registry.image('web'),
      namespace,
      spec: ['insecure: true', 'interval: 1s', ...spec],
    });
  const pushTag = () => {
    patch += 1;
    registry.push('web', `1.0.${patch}`);
    return `:1.0.${patch} #`;
  };
  const ready = (object: string, namespace: string) =>
    cluster.kubectl([
      ...`get ${object} --namespace ${namespace} --output`.split(' '),
      'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}',
    ]);

  it('is enough for all that the controller does in its namespace', async () => {
    await cli.waitFor('stderr', /"msg":"leading: /);
    const tag = pushTag();
    await until('web is up to date', () => cluster.remote.read('web.yaml').includes(tag));
    await expect
      .poll(() => ready('imageupdateautomation/config', NAMESPACE), PATIENCE)
      .toBe('True 1 of 1 location up to date');
    await expect
      .poll(() => cluster.kubectl(['get', 'events', '--namespace', NAMESPACE]), PATIENCE)
      .toMatch(/Pushed +imageupdateautomation\/config/);
    const [log] = await cli.waitFor('stderr', /[^]*\n/);
    expect(log).not.toMatch(/forbidden|not allowed/i);
  });

  it('lets objects of other namespaces alone', async () => {
    expect(await ready('imagepolicy/web', 'apps')).toBe(' ');
    expect(await ready('imageupdateautomation/config', 'apps')).toBe(' ');
  });

  it.each([
    ['list', 'imagepolicies', NAMESPACE, 'yes'],
    ['get', 'secrets', NAMESPACE, 'yes'],
    ['list', 'secrets', NAMESPACE, 'no'],
    ['watch', 'secrets', NAMESPACE, 'no'],
    ['update', 'imagepolicies', NAMESPACE, 'no'],
    ['patch', 'gitrepositories.source.toolkit.fluxcd.io', NAMESPACE, 'no'],
    ['list', 'imagepolicies', 'apps', 'no'],
    ['get', 'secrets', 'apps', 'no'],
    ['patch', 'imagepolicies/status', 'apps', 'no'],
    ['create', 'events', 'apps', 'no'],
    ['get', 'gitrepositories.source.toolkit.fluxcd.io', 'apps', 'no'],
    ['get', 'leases.coordination.k8s.io', 'apps', 'no'],
    ['get', `namespaces/${NAMESPACE}`, '', 'no'],
  ])('may %s %s in namespace %s: %s', async (verb, resource, namespace, answer) => {
    const where = namespace === '' ? [] : ['--namespace', namespace];
    const asked = ['auth', 'can-i', verb, resource, ...where, '--as', ACCOUNT, '--quiet'];
    const allowed = cluster.kubectl(asked).then(
      () => 'yes',
      () => 'no',
    );
    expect(await allowed).toBe(answer);
  });

  it('does not do for all namespaces, and the controller says what it lacks', async () => {
    const other = await cluster.startIn(NAMESPACE, 'lockkeeper-all', '--no-leader-election');
    await other.waitFor('stderr', /not allowed to list imagepolicies\S* in the whole cluster/);
    other.process.kill('SIGTERM');
    expect(await other.ended).toMatchObject({ code: 0 });
  });

  describe('with the same rights in a second namespace', () => {
    beforeAll(async () => {
      cli.process.kill('SIGTERM');
      await cli.ended;
      await cluster.kubectl(['create', 'namespace', 'platform']);
      cluster.stage.write({ 'roles.yaml': await rolesIn('platform') });
      await cluster.kubectl(['apply', '--filename', cluster.stage.path('roles.yaml')]);
      const image = registry.image('web');
      cluster.remote.commit({ 'web.yaml': deployment(`${image}:1.0.0`, 'web', 'platform') });
      const scope = [`--namespace=${NAMESPACE}`, '--namespace=platform'];
      cli = await cluster.startIn(NAMESPACE, 'lockkeeper-1', ...scope);
    });

    const grant = (label: string) =>
      cluster.apply(
        policyIn('platform', `accessFrom: {namespaceSelectors: [{matchLabels: {${label}}}]}`),
      );

    it('goes by the name of its namespace where a policy grants access by that', async () => {
      await grant(`kubernetes.io/metadata.name: ${NAMESPACE}`);
      const tag = pushTag();
      await expect.poll(() => cluster.remote.read('web.yaml'), PATIENCE).toContain(tag);
    });

    it('says that it cannot read other labels, and writes nothing by them', async () => {
      await cluster.kubectl(['label', 'namespace', NAMESPACE, 'tenant=trusted']);
      await grant('tenant: trusted');
      await expect
        .poll(() => ready('imageupdateautomation/config', NAMESPACE), PATIENCE)
        .toMatch(
          /^False .*grants access by labels, and those of namespace lockkeeper cannot be read: not allowed to get namespaces/,
        );
      const before = cluster.remote.head();
      pushTag();
      await expect
        .poll(() => cluster.kubectl('get imgpol/web --namespace platform'.split(' ')), PATIENCE)
        .toContain(`1.0.${patch}`);
      expect(cluster.remote.head()).toBe(before);
    });
  });

  /** The Role of the base and its binding, for another namespace. */
  async function rolesIn(namespace: string): Promise<string> {
    const text = await cluster.kubectl(['kustomize', join(ROOT, 'config/namespaced')]);
    return parseAllDocuments(text)
      .filter((document) => /^Role(Binding)?$/.test(String(document.get('kind'))))
      .filter((document) => document.getIn(['metadata', 'name']) === 'lockkeeper')
      .map((document) => {
        document.setIn(['metadata', 'namespace'], namespace);
        return String(document);
      })
      .join('---\n');
  }
});
