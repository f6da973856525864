import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connectCluster,
  type ConnectedCluster,
} from '../../../src/adapters/kubernetes/connect-cluster.ts';
import { ROOT } from '../../support/cli.ts';
import { succeeded } from '../../support/kubernetes/api-request.ts';
import { startApiServer, type TestApiServer } from '../../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../../support/kubernetes/availability.ts';
import { kubectl } from '../../support/kubernetes/kubectl.ts';
import { createPolicy, policiesPath } from '../../support/kubernetes/objects.ts';
import { observations, QUICK } from '../../support/kubernetes/recording.ts';

const NEVER = new AbortController().signal;
const CRDS = join(ROOT, 'crds');

/** A property of a published schema. */
interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly { readonly $ref?: string }[];
  readonly $ref?: string;
}

const policy = (name: string, spec: object = {}) => ({
  apiVersion: 'lockkeeper.dev/v1alpha1',
  kind: 'ImagePolicy',
  metadata: { name },
  spec: { image: 'ghcr.io/org/app', policy: { semver: { range: '^1.0.0' } }, ...spec },
});

const automation = (name: string, spec: object) => ({
  apiVersion: 'lockkeeper.dev/v1alpha1',
  kind: 'ImageUpdateAutomation',
  metadata: { name },
  spec,
});

const git = { url: 'https://git.example.com/fleet.git', branch: 'main' };

describe.skipIf(skipWithoutApiServer())('kubectl with a real API server', () => {
  let server: TestApiServer;
  let cluster: ConnectedCluster;
  let run: ReturnType<typeof kubectl>;

  beforeAll(async () => {
    server = await startApiServer();
    run = kubectl(server.adminKubeconfig);
    cluster = connectCluster({
      kubeconfig: server.adminKubeconfig,
      observer: observations(),
      random: () => 0.5,
      timing: QUICK,
    });
    // Schemas are published a moment after their CRDs are established.
    const published = async (kind: string) => {
      const { code, stderr } = await run(['explain', kind]);
      if (code !== 0) throw new Error(stderr);
    };
    for (const kind of ['imagepolicy', 'imageupdateautomation']) {
      await vi.waitFor(() => published(kind), { timeout: 30_000, interval: 200 });
    }
  }, 180_000);
  afterAll(async () => {
    await cluster?.close();
    await server?.stop();
  });

  const versions = async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const { items } = (await succeeded(server.request('GET', path))) as {
      items: { metadata: { name: string; generation: number } }[];
    };
    return items.map(({ metadata }) => [metadata.name, metadata.generation]);
  };

  describe('CRDs', () => {
    test.each([
      ['server-side', ['--server-side']],
      ['client-side', []],
    ])('%s apply of the folder works, and again changes nothing', async (_, flags) => {
      const first = await run(['apply', ...flags, '-k', CRDS]);
      expect(first).toMatchObject({ code: 0 });
      const before = await versions();
      const second = await run(['apply', ...flags, '-k', CRDS]);
      expect(second).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(before);
      expect(await run(['diff', ...flags, '-k', CRDS])).toMatchObject({ code: 0, stdout: '' });
    });

    test.each(['ImagePolicy', 'ImageUpdateAutomation'])(
      'every field of %s that the server publishes has a description',
      async (kind) => {
        const published = (await succeeded(
          server.request('GET', '/openapi/v3/apis/lockkeeper.dev/v1alpha1'),
        )) as { components: { schemas: Record<string, Schema> } };
        const schema = published.components.schemas[`dev.lockkeeper.v1alpha1.${kind}`];
        expect(Object.keys(schema?.properties ?? {})).toContain('spec');
        expect(schema === undefined ? ['no schema'] : undescribed(schema, kind)).toEqual([]);
      },
    );

    test.each([
      ['imagepolicy', 'which image is scanned'],
      ['imagepolicy.spec', 'Repository to scan, without scheme and tag'],
      ['imgpol.spec.policy.semver.range', 'Allowed versions, such as'],
      ['imagepolicy.status.latest', 'tag'],
      ['iua.spec.git', 'branch'],
    ])('kubectl explain %s reads', async (field, expected) => {
      const explained = await run(['explain', field]);
      expect(explained).toMatchObject({ code: 0, stderr: '' });
      expect(explained.stdout.replaceAll(/\s+/g, ' ')).toContain(expected);
    });
  });

  describe('validation', () => {
    const two = { semver: { range: '*' }, numerical: { order: 'asc' } };
    const members = 'exactly one of semver, numerical, alphabetical, newest, digest must be set';
    test.each([
      ['two ways to choose', policy('p', { policy: two }), members],
      ['no way to choose', policy('p', { policy: {} }), members],
      [
        'extract without pattern',
        policy('p', { filterTags: { extract: '$1' } }),
        'extract needs pattern',
      ],
      [
        'a digest policy that writes it only if there is none',
        policy('p', {
          policy: { digest: { tag: 'latest' } },
          digestReflectionPolicy: 'IfNotPresent',
        }),
        'policy.digest follows a digest: digestReflectionPolicy must be left out, Never or Always',
      ],
      ['a value outside the list', policy('p', { provider: 'ibm' }), 'supported values'],
      ['a field that is misspelt', policy('p', { intervall: '5m' }), 'spec.intervall'],
      ['no image', policy('p', { image: undefined }), 'spec.image: Required value'],
      ['an interval that is none', policy('p', { interval: 'soon' }), 'spec.interval'],
      ['a tag that is none', policy('p', { lock: { tag: '-x' } }), 'spec.lock.tag'],
      [
        'something that cannot be asked to reconcile',
        automation('a', { git, reconcileAfterPush: [{ kind: 'Deployment', name: 'web' }] }),
        'supported values: "gitrepository", "kustomization", "helmrelease", "application"',
      ],
      [
        'a source in what is no namespace',
        automation('a', { sourceRef: { kind: 'GitRepository', name: 'a', namespace: 'A_b' } }),
        'spec.sourceRef.namespace',
      ],
      [
        'a signature of GitHub for other logins than an App’s',
        automation('a', { git, commit: { signedBy: 'github' } }),
        'commit.signedBy needs git.provider: github',
      ],
      [
        'a signature of GitHub for an author of one’s own',
        automation('a', {
          git: { ...git, provider: 'github', secretRef: { name: 'app' } },
          commit: { signedBy: 'github', author: { email: 'a@example.com' } },
        }),
        'signedBy goes without signingKey, author and signOff',
      ],
      ['no repo', automation('a', {}), 'exactly one of git, sourceRef must be set'],
      [
        'two repos',
        automation('a', { git, sourceRef: { kind: 'GitRepository', name: 'fleet' } }),
        'exactly one of git, sourceRef must be set',
      ],
    ])('%s is refused with what to do', async (_, object, message) => {
      for (const flags of [[], ['--server-side']]) {
        const applied = await run(['apply', ...flags, '-f', '-'], object);
        expect(applied.code).not.toBe(0);
        expect(applied.stderr.toLowerCase()).toContain(message.toLowerCase());
      }
    });
  });

  describe('objects', () => {
    const status = {
      observedGeneration: 1,
      latest: { image: 'ghcr.io/org/app', tag: '1.2.3' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Succeeded',
          message: 'latest is 1.2.3',
          lastTransitionTime: '2026-01-02T03:04:05Z',
        },
      ],
    };

    async function readyPolicy() {
      const namespace = await server.createNamespace();
      const uid = await createPolicy(server, namespace, 'app');
      const object = { ref: { kind: 'ImagePolicy', namespace, name: 'app' }, uid } as const;
      await cluster.writeStatus(object, status, NEVER);
      return { namespace, object };
    }

    test.each([
      ['server-side', ['--server-side']],
      ['client-side', []],
    ])(
      '%s apply again changes nothing, also after the status was written: defaults are not fought over',
      async (_, flags) => {
        const namespace = await server.createNamespace();
        const apply = (verb: string) =>
          run([verb, ...flags, '-n', namespace, '-f', '-'], policy('app'));
        expect(await apply('apply')).toMatchObject({ code: 0 });
        const read = async () =>
          (await succeeded(server.request('GET', `${policiesPath(namespace)}/app`))) as {
            metadata: { uid: string; resourceVersion: string; generation: number };
            spec: object;
          };
        const { metadata, spec } = await read();
        expect(spec).toMatchObject({ interval: '5m', timeout: '60s' });
        const object = {
          ref: { kind: 'ImagePolicy', namespace, name: 'app' },
          uid: metadata.uid,
        } as const;
        await cluster.writeStatus(object, status, NEVER);
        const before = await read();
        expect(await apply('diff')).toMatchObject({ code: 0, stdout: '' });
        expect(await apply('apply')).toMatchObject({ code: 0 });
        expect((await read()).metadata).toEqual(before.metadata);
        expect(before.metadata.generation).toBe(1);
      },
    );

    test('kubectl get shows image, latest tag, state and age', async () => {
      const { namespace } = await readyPolicy();
      const { stdout } = await run(['get', 'imgpol', '-n', namespace]);
      const [header, row] = stdout.trimEnd().split('\n');
      expect(header?.split(/\s{2,}|\s(?=[A-Z])/)).toEqual(
        expect.arrayContaining(['NAME', 'IMAGE', 'LATEST', 'READY', 'STATUS', 'AGE']),
      );
      expect(row).toMatch(/^app +ghcr\.io\/org\/app +1\.2\.3 +True +latest is 1\.2\.3 +\d+s$/);
    });

    test('the category names all kinds, and kubectl wait sees the condition', async () => {
      const { namespace } = await readyPolicy();
      await succeeded(
        server.request(
          'POST',
          policiesPath(namespace).replace('imagepolicies', 'imageupdateautomations'),
          automation('fleet', { git }),
        ),
      );
      const all = await run(['get', 'lockkeeper', '-n', namespace, '-o', 'name']);
      expect(all.stdout.trimEnd().split('\n')).toEqual([
        'imagepolicy.lockkeeper.dev/app',
        'imageupdateautomation.lockkeeper.dev/fleet',
      ]);
      const wait = ['wait', '--for=condition=Ready', '--timeout=5s', '-n', namespace];
      expect(await run([...wait, 'imagepolicy/app'])).toMatchObject({ code: 0 });
    });

    test('kubectl describe and kubectl get events show an event with its count', async () => {
      const { namespace, object } = await readyPolicy();
      const event = {
        object,
        type: 'Normal',
        reason: 'ImageUpdated',
        message: '1.2.2 -> 1.2.3 in 0123abc',
      } as const;
      await cluster.record(event, NEVER);
      await cluster.record(event, NEVER);
      const described = await run(['describe', 'imagepolicy', 'app', '-n', namespace]);
      expect(described.stdout).toMatch(
        /Normal +ImageUpdated +\S+ \(x2 over \S+\) +lockkeeper +1\.2\.2 -> 1\.2\.3 in 0123abc/,
      );
      const { stdout } = await run(['get', 'events', '-n', namespace]);
      expect(stdout).toMatch(/Normal +ImageUpdated +imagepolicy\/app +1\.2\.2 -> 1\.2\.3/);
    });
  });
});

/** Fields without a description; `metadata` and the like are the server's own. */
function undescribed(schema: Schema, path: string): string[] {
  const children = Object.entries(schema.properties ?? {}).map(
    ([name, child]): [string, Schema] => [`${path}.${name}`, child],
  );
  if (schema.items?.properties !== undefined) children.push([`${path}[]`, schema.items]);
  return children.flatMap(([at, child]) => {
    const isOwn = child.$ref === undefined && child.allOf === undefined;
    if (!isOwn) return [];
    const missing = child.description === undefined && !at.endsWith('[]') ? [at] : [];
    return [...missing, ...undescribed(child, at)];
  });
}
