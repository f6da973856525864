import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../support/cli.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import {
  createForeign,
  foreignAnnotations,
  installForeignCrds,
} from '../support/kubernetes/foreign-crds.ts';
import {
  createGitLogin,
  openClusterStage,
  STAGE_TIMEOUT_MS,
  type ClusterStage,
} from './cluster-stage.ts';
import { until } from './patience.ts';
import { automationIn, deployment, imagePolicy } from './resources.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const PATIENCE = { timeout: 25_000, interval: 200 };
const POLICY = ['insecure: true', 'interval: 1s'];
const granting = (label: string) => [
  ...POLICY,
  `accessFrom: {namespaceSelectors: [{matchLabels: {${label}}}]}`,
];

const isMissing = !hasTool('git-http-backend') || skipWithoutApiServer();

/** Tests build on each other. */
describe.skipIf(isMissing)('across the namespaces of a cluster', () => {
  let cluster: ClusterStage;
  let registry: TagServer;
  let fleet: RemoteRepo;
  let patch = 0;

  beforeAll(async () => {
    registry = await startTagServer({ base: ['1.0.0'], web: ['1.0.0'] });
    cluster = await openClusterStage();
    const { remote, stage, server } = cluster;
    const kubectl: ClusterStage['kubectl'] = (...call) => cluster.kubectl(...call);
    await installForeignCrds(server);
    for (const name of ['platform', 'flux-system']) await kubectl(['create', 'namespace', name]);
    await kubectl(['label', 'namespace', 'apps', 'tenant=trusted']);
    await createGitLogin(kubectl, 'flux-system');
    remote.commit({
      'base.yaml': deployment(`${registry.image('base')}:1.0.0`, 'base', 'platform'),
    });
    fleet = createRemote(stage.path('remotes/fleet.git'));
    fleet.commit({
      'web.yaml': deployment(`${registry.image('web')}:1.0.0`, 'web', 'flux-system'),
    });
    await applyBase('tenant: trusted');
    cluster.start('lockkeeper-0');
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.close();
    await registry?.close();
  });

  const applyBase = (label: string) =>
    cluster.apply(
      imagePolicy({
        image: registry.image('base'),
        namespace: 'platform',
        name: 'base',
        spec: granting(label),
      }),
    );
  const pushTag = (name: string) => {
    patch += 1;
    registry.push(name, `1.0.${patch}`);
    return `:1.0.${patch} #`;
  };
  /** Reason and message of the `Ready` condition. */
  const ready = (namespace: string) =>
    cluster.kubectl([
      ...`get imageupdateautomation/config --namespace ${namespace} --output`.split(' '),
      'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].message}',
    ]);

  it('a policy is used that grants access by labels of the namespace', async () => {
    const tag = pushTag('base');
    await until('base is up to date', () => cluster.remote.read('base.yaml').includes(tag));
    await expect.poll(() => ready('apps'), PATIENCE).toMatch('True 1 of 1 location up to date');
  });

  it('access ends with the label, which status says, and comes back with it', async () => {
    await cluster.kubectl(['label', 'namespace', 'apps', 'tenant-']);
    await expect
      .poll(() => ready('apps'), PATIENCE)
      .toMatch('ImagePolicy platform/base exists, but grants namespace apps no access');
    const before = cluster.remote.head();
    const tag = pushTag('base');
    await expect
      .poll(() => cluster.kubectl('get imgpol/base -n platform -o wide'.split(' ')), PATIENCE)
      .toContain(`1.0.${patch}`);
    expect(cluster.remote.head()).toBe(before);
    await cluster.kubectl(['label', 'namespace', 'apps', 'tenant=trusted']);
    await until('base is up to date', () => cluster.remote.read('base.yaml').includes(tag));
  });

  it('a right to read namespaces that is missing is named where the user looks', async () => {
    const rules = (
      await cluster.kubectl('get clusterrole/lockkeeper --output jsonpath={.rules}'.split(' '))
    ).trim();
    const without = (JSON.parse(rules) as { resources: readonly string[] }[]).filter(
      ({ resources }) => !resources.includes('namespaces'),
    );
    const replace = (value: unknown) =>
      cluster.kubectl([
        ...'patch clusterrole/lockkeeper --type=json --patch'.split(' '),
        JSON.stringify([{ op: 'replace', path: '/rules', value }]),
      ]);
    await replace(without);
    await expect
      .poll(() => ready('apps'), PATIENCE)
      .toMatch(/^False .*not allowed to get namespaces "apps"/);
    await applyBase('kubernetes.io/metadata.name: apps');
    await expect.poll(() => ready('apps'), PATIENCE).toMatch('True 1 of 1 location up to date');
    await replace(JSON.parse(rules));
  });

  it('a GitRepository of Flux says which repo, and lends its login', async () => {
    await createForeign(cluster.server, 'GitRepository', {
      namespace: 'flux-system',
      name: 'fleet',
      spec: {
        url: cluster.git.url('fleet.git'),
        interval: '1m',
        ref: { branch: 'main' },
        secretRef: { name: 'git-login' },
      },
    });
    await createForeign(cluster.server, 'Kustomization', {
      namespace: 'flux-system',
      name: 'apps',
    });
    await cluster.apply(
      imagePolicy({ image: registry.image('web'), namespace: 'flux-system', spec: POLICY }),
      automationIn('flux-system', [
        'sourceRef: {kind: GitRepository, name: fleet}',
        'interval: 1s',
        'reconcileAfterPush:',
        '- {kind: GitRepository, name: fleet}',
        '- {kind: Kustomization, name: apps}',
      ]),
    );
    const tag = pushTag('web');
    await until('web is up to date', () => fleet.read('web.yaml').includes(tag));
    await expect
      .poll(() => ready('flux-system'), PATIENCE)
      .toMatch('True 1 of 1 location up to date');
  });

  it('without the right to annotate, what was not asked to reconcile is told by Events', async () => {
    const events = () => cluster.kubectl('get events --namespace flux-system'.split(' '));
    await expect
      .poll(events, PATIENCE)
      .toMatch(
        /Warning +RequestFailed .+Kustomization flux-system\/apps was not asked .+: not allowed to patch kustomizations/,
      );
    await expect.poll(() => ready('flux-system'), PATIENCE).toMatch('True');
  });

  it('with the component that grants it, both are asked after the next push', async () => {
    cluster.stage.write({ 'component.yaml': await component() });
    await cluster.kubectl(['apply', '--filename', cluster.stage.path('component.yaml')]);
    pushTag('web');
    for (const [kind, name] of [
      ['GitRepository', 'fleet'],
      ['Kustomization', 'apps'],
    ] as const) {
      const annotations = () =>
        foreignAnnotations(cluster.server, kind, { namespace: 'flux-system', name });
      await expect
        .poll(annotations, PATIENCE)
        .toEqual({ 'reconcile.fluxcd.io/requestedAt': expect.stringMatching(/^\d{4}-.+Z$/) });
    }
  });

  it('a change of the GitRepository is followed, and what cannot be written to is told', async () => {
    fleet.git('branch', 'next', 'main');
    const follow = (ref: object) =>
      cluster.kubectl([
        ...'patch gitrepository/fleet --namespace flux-system --type=merge --patch'.split(' '),
        JSON.stringify({ spec: { ref } }),
      ]);
    const next = () => fleet.git('show', 'next:web.yaml');
    await follow({ branch: 'next' });
    // The run under way may have begun before the change.
    const first = pushTag('web');
    await until('web is up to date', () => next().includes(first));
    const main = fleet.head();
    const tag = pushTag('web');
    await until('web is up to date', () => next().includes(tag));
    expect(fleet.head()).toBe(main);
    await follow({ branch: null, tag: 'v1' });
    await expect
      .poll(() => ready('flux-system'), PATIENCE)
      .toMatch(/^False GitRepository flux-system\/fleet follows spec\.ref\.tag/);
    await follow({ branch: 'main', tag: null });
    await until('web is up to date', () => fleet.read('web.yaml').includes(tag));
  });

  it('a GitRepository is lent to another namespace once it is annotated', async () => {
    await cluster.apply(
      automationIn(
        'apps',
        ['sourceRef: {kind: GitRepository, name: fleet, namespace: flux-system}', 'interval: 1s'],
        'borrower',
      ),
    );
    const state = () =>
      cluster.kubectl([
        ...'get imageupdateautomation/borrower --namespace apps --output'.split(' '),
        'jsonpath={.status.conditions[?(@.type=="Ready")].reason}',
      ]);
    await expect.poll(state, PATIENCE).toBe('AccessDenied');
    await cluster.kubectl([
      ...'annotate gitrepository/fleet --namespace flux-system'.split(' '),
      'lockkeeper.dev/access-from=apps',
    ]);
    await expect.poll(state, PATIENCE).toBe('Succeeded');
  });

  /** What the component adds to the base, as kustomize renders it. */
  async function component(): Promise<string> {
    // Kustomize takes relative paths only.
    const path = (folder: string) => relative(cluster.stage.path('overlay'), join(ROOT, folder));
    cluster.stage.write({
      'overlay/kustomization.yaml': [
        'apiVersion: kustomize.config.k8s.io/v1beta1',
        'kind: Kustomization',
        `resources: [${path('config/default')}]`,
        `components: [${path('config/reconcile-after-push')}]`,
        '',
      ].join('\n'),
    });
    const text = await cluster.kubectl(['kustomize', cluster.stage.path('overlay')]);
    return parseAllDocuments(text)
      .filter((document) => String(document.getIn(['metadata', 'name'])).includes('after-push'))
      .map((document) => String(document))
      .join('---\n');
  }
});
