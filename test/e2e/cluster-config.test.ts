import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../support/cli.ts';
import { startApiServer, type TestApiServer } from '../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../support/kubernetes/availability.ts';
import { administrator, STAGE_TIMEOUT_MS, type ClusterStage } from './cluster-stage.ts';
import { openStage } from './stage.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Deployment extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: PodSpec };
  };
}

interface PodSpec {
  readonly containers: readonly [
    { readonly args: readonly string[]; readonly securityContext: object },
  ];
}

/** What the Pod runs, before overlays. */
const ARGS = ['run', '--listen', ':8080', '--receiver-listen', ':9292'];

describe.skipIf(skipWithoutApiServer())('config/', () => {
  let server: TestApiServer;
  let kubectl: ClusterStage['kubectl'];

  beforeAll(async () => {
    server = await startApiServer();
    kubectl = administrator(server);
    for (const name of ['lockkeeper', 'apps']) await kubectl(['create', 'namespace', name]);
    const enforced = 'pod-security.kubernetes.io/enforce=restricted';
    await kubectl(['create', 'namespace', 'restricted']);
    await kubectl(['label', 'namespace', 'restricted', enforced]);
    await kubectl(['create', 'namespace', 'lockkeeper-system']);
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => server?.stop());

  const render = async (base: string): Promise<readonly Manifest[]> => {
    const text = await kubectl(['kustomize', join(ROOT, 'config', base)]);
    return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  };
  const deploymentOf = async (base: string): Promise<Deployment> => {
    const found = (await render(base)).find(({ kind }) => kind === 'Deployment');
    if (found === undefined) throw new Error(`no Deployment in ${base}`);
    return found as Deployment;
  };
  const createPod = (spec: PodSpec) =>
    kubectl('create --dry-run=server --namespace restricted --filename -'.split(' '), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lockkeeper' },
      spec,
    });

  it.each([
    [
      'default',
      [
        'ClusterRole',
        'ClusterRoleBinding',
        'CustomResourceDefinition',
        'Deployment',
        'Namespace',
        'NetworkPolicy',
        'Role',
        'RoleBinding',
        'Service',
        'ServiceAccount',
      ],
    ],
    [
      'ha',
      [
        'ClusterRole',
        'ClusterRoleBinding',
        'CustomResourceDefinition',
        'Deployment',
        'Namespace',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Role',
        'RoleBinding',
        'Service',
        'ServiceAccount',
      ],
    ],
    [
      'namespaced',
      ['Deployment', 'NetworkPolicy', 'Role', 'RoleBinding', 'Service', 'ServiceAccount'],
    ],
    ['samples', ['ImagePolicy', 'ImageUpdateAutomation']],
  ])('renders %s', async (base, kinds) => {
    const rendered = new Set((await render(base)).map(({ kind }) => kind));
    expect([...rendered].toSorted()).toEqual(kinds);
  });

  it.each(['default', 'ha', 'namespaced', 'samples'])('is admitted: %s', async (base) => {
    const folder = join(ROOT, 'config', base);
    const output = await kubectl(['apply', '--server-side', '--dry-run=server', '-k', folder]);
    expect(output.trim().split('\n')).toEqual(
      (await render(base)).map(({ metadata: { name } }) =>
        expect.stringMatching(`^\\S+/${name} serverside-applied \\(server dry run\\)$`),
      ),
    );
  });

  it.each(['default', 'ha', 'namespaced'])(
    'passes the restricted Pod security standard: %s',
    async (base) => {
      const { spec } = (await deploymentOf(base)).spec.template;
      expect(await createPod(spec)).toBe('pod/lockkeeper created (server dry run)\n');
    },
  );

  it('is refused by that standard when it may gain privileges', async () => {
    const { spec } = (await deploymentOf('default')).spec.template;
    const [container] = spec.containers;
    const securityContext = { ...container.securityContext, allowPrivilegeEscalation: true };
    await expect(
      createPod({ ...spec, containers: [{ ...container, securityContext }] }),
    ).rejects.toThrow(/violates PodSecurity "restricted:latest": allowPrivilegeEscalation/);
  });

  it.each([
    ['default', 1, ARGS],
    ['ha', 2, ARGS],
    ['namespaced', 1, [...ARGS, '--namespace=$(POD_NAMESPACE)']],
  ])('runs %s with %i replicas and these arguments', async (base, replicas, args) => {
    const { spec } = await deploymentOf(base);
    expect(spec.replicas).toBe(replicas);
    expect(spec.template.spec.containers[0].args).toEqual(args);
  });

  it('grants nothing beyond its namespace when namespaced', async () => {
    const rendered = await render('namespaced');
    expect(rendered.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
    expect(new Set(rendered.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['lockkeeper']),
    );
  });

  it('has CRDs that kubectl applies from lockkeeper crds, also again', async () => {
    const stage = openStage();
    stage.write({ 'crds.yaml': (await stage.run(['crds'])).stdout });
    const apply = () => kubectl(['apply', '--filename', stage.path('crds.yaml')]);
    await apply();
    expect(await apply()).toBe(
      'customresourcedefinition.apiextensions.k8s.io/imagepolicies.lockkeeper.dev unchanged\n' +
        'customresourcedefinition.apiextensions.k8s.io/imagereceivers.lockkeeper.dev unchanged\n' +
        'customresourcedefinition.apiextensions.k8s.io/imageupdateautomations.lockkeeper.dev unchanged\n',
    );
    await stage.close();
  });

  it('has samples that are kept as they are when applied twice', async () => {
    const apply = () => kubectl(['apply', '-k', join(ROOT, 'config/samples')]);
    expect(await apply()).toMatch(/^imagepolicy\S+ created\nimageupdateautomation\S+ created\n$/);
    expect(await apply()).toMatch(
      /^imagepolicy\S+ unchanged\nimageupdateautomation\S+ unchanged\n$/,
    );
  });
});
