import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connectCluster,
  type ConnectedCluster,
} from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { ClusterEvent } from '../../../src/ports/cluster.ts';
import { succeeded } from '../../support/kubernetes/api-request.ts';
import { startApiServer, type TestApiServer } from '../../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../../support/kubernetes/availability.ts';
import {
  changePolicy,
  createPolicy,
  deletePolicy,
  policiesPath,
} from '../../support/kubernetes/objects.ts';
import { createForeign, installForeignCrds } from '../../support/kubernetes/foreign-crds.ts';
import { observations, QUICK } from '../../support/kubernetes/recording.ts';

interface StoredPolicy {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly generation: number;
    readonly managedFields: { manager: string; subresource?: string }[];
  };
  readonly spec: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

interface StoredEvent {
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly type: string;
  readonly involvedObject: Record<string, unknown>;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
}

const NEVER = new AbortController().signal;

const READY = {
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

describe.skipIf(skipWithoutApiServer())('writing to a real API server', () => {
  let server: TestApiServer;
  let cluster: ConnectedCluster;
  const observed = observations();

  beforeAll(async () => {
    server = await startApiServer();
    cluster = connectTo(server.adminKubeconfig);
  }, 180_000);
  afterAll(async () => {
    await cluster?.close();
    await server?.stop();
  });

  function connectTo(kubeconfig: string, observer = observed): ConnectedCluster {
    return connectCluster({ kubeconfig, observer, random: () => 0.5, timing: QUICK });
  }

  async function policy(name = 'app') {
    const namespace = await server.createNamespace();
    const uid = await createPolicy(server, namespace, name);
    const object = { ref: { kind: 'ImagePolicy', namespace, name }, uid } as const;
    const path = `${policiesPath(namespace)}/${name}`;
    const stored = async () => (await succeeded(server.request('GET', path))) as StoredPolicy;
    return { namespace, object, stored };
  }

  const eventsOf = async (namespace: string) => {
    const path = `/api/v1/namespaces/${namespace}/events`;
    return ((await succeeded(server.request('GET', path))) as { items: StoredEvent[] }).items;
  };

  describe('status', () => {
    test('it is replaced as a whole, and spec and generation stay', async () => {
      const { object, stored } = await policy();
      const { spec } = await stored();
      expect(await cluster.writeStatus(object, READY, NEVER)).toBe('written');
      expect((await stored()).status).toEqual(READY);
      const { latest: _, ...rest } = READY;
      expect(await cluster.writeStatus(object, rest, NEVER)).toBe('written');
      const after = await stored();
      expect(after.status).toEqual(rest);
      expect(after.spec).toEqual(spec);
      expect(after.metadata.generation).toBe(1);
      expect(after.metadata.managedFields).toContainEqual(
        expect.objectContaining({ manager: 'lockkeeper', subresource: 'status' }),
      );
    });

    test('the same status again writes nothing', async () => {
      const { object, stored } = await policy();
      await cluster.writeStatus(object, READY, NEVER);
      const { resourceVersion } = (await stored()).metadata;
      expect(await cluster.writeStatus(object, READY, NEVER)).toBe('written');
      expect((await stored()).metadata.resourceVersion).toBe(resourceVersion);
    });

    test('a spec that its user changed meanwhile is neither a conflict nor undone', async () => {
      const { namespace, object, stored } = await policy();
      await changePolicy(server, namespace, 'app', { suspend: true });
      expect(await cluster.writeStatus(object, READY, NEVER)).toBe('written');
      expect(await stored()).toMatchObject({ spec: { suspend: true }, status: READY });
    });

    test('an object that was deleted is gone, and so is one that was made anew by the same name', async () => {
      const { namespace, object, stored } = await policy();
      await deletePolicy(server, namespace, 'app');
      expect(await cluster.writeStatus(object, READY, NEVER)).toBe('gone');
      await createPolicy(server, namespace, 'app');
      expect(await cluster.writeStatus(object, READY, NEVER)).toBe('gone');
      expect((await stored()).status).toBeUndefined();
    });

    test('a status against the schema is a failure that says where', async () => {
      const { object } = await policy();
      await expect(
        cluster.writeStatus(object, { observedGeneration: 'one' }, NEVER),
      ).rejects.toMatchObject({
        code: 'cluster/invalid',
        message: expect.stringContaining('status.observedGeneration') as string,
      });
    });

    test('without the permission, the message names verb and subresource', async () => {
      const { namespace, object } = await policy();
      const token = await server.createServiceAccount({ namespace, name: 'poor', rules: [] });
      const poor = connectTo(server.kubeconfig({ token }));
      await expect(poor.writeStatus(object, READY, NEVER)).rejects.toMatchObject({
        code: 'cluster/forbidden',
        message: expect.stringContaining(
          `not allowed to patch imagepolicies/status.lockkeeper.dev "app" in namespace ${namespace}`,
        ) as string,
      });
      await poor.close();
    });
  });

  describe('events', () => {
    const updated = (object: ClusterEvent['object']): ClusterEvent => ({
      object,
      type: 'Normal',
      reason: 'ImageUpdated',
      message: 'ghcr.io/org/app 1.2.2 -> 1.2.3 in 0123abc',
    });

    test('an event stands at its object, and equal ones are counted', async () => {
      const { namespace, object } = await policy();
      await Promise.all([1, 2, 3].map(() => cluster.record(updated(object), NEVER)));
      const other = { ...updated(object), type: 'Warning', reason: 'ScanFailed' } as const;
      await cluster.record(other, NEVER);
      const events = await eventsOf(namespace);
      expect(
        events.map(({ reason, type, count }) => `${count} ${type} ${reason}`).toSorted(),
      ).toEqual(['1 Warning ScanFailed', '3 Normal ImageUpdated']);
      expect(events[0]?.involvedObject).toEqual({
        apiVersion: 'lockkeeper.dev/v1alpha1',
        kind: 'ImagePolicy',
        namespace,
        name: 'app',
        uid: object.uid,
      });
    });

    test('an event that the server has dropped is made anew', async () => {
      const { namespace, object } = await policy();
      await cluster.record(updated(object), NEVER);
      await succeeded(server.request('DELETE', `/api/v1/namespaces/${namespace}/events`));
      await cluster.record(updated(object), NEVER);
      expect((await eventsOf(namespace)).map(({ count }) => count)).toEqual([1]);
    });

    test('a message that is too long is shortened rather than refused', async () => {
      const { namespace, object } = await policy();
      await cluster.record({ ...updated(object), message: 'x'.repeat(5000) }, NEVER);
      expect((await eventsOf(namespace))[0]?.message).toMatch(/^x{1023}…$/);
    });

    test('it never fails: what went wrong is told to the observer, once', async () => {
      const { namespace, object } = await policy();
      const observer = observations();
      const token = await server.createServiceAccount({ namespace, name: 'poor', rules: [] });
      const poor = connectTo(server.kubeconfig({ token }), observer);
      await poor.record(updated(object), NEVER);
      await poor.record(updated(object), NEVER);
      expect(observer.troubles.map(({ message }) => message)).toEqual([
        expect.stringContaining(`not allowed to create events in namespace ${namespace}`),
      ]);
      await poor.close();
    });
  });

  describe('other objects', () => {
    const KINDS = ['GitRepository', 'Kustomization', 'HelmRelease', 'Application'] as const;

    test('of a kind that is not there are not there', async () => {
      const namespace = await server.createNamespace();
      for (const kind of KINDS) {
        const ref = { kind, namespace, name: 'fleet' };
        expect(await cluster.readObject(ref, NEVER)).toBeUndefined();
        expect(await cluster.annotate(ref, { 'example.com/a': '1' }, NEVER)).toBe('gone');
      }
    });

    test('the labels of a namespace are read', async () => {
      const namespace = await server.createNamespace({ team: 'blue' });
      expect(await cluster.namespaceLabels(namespace, NEVER)).toEqual({
        team: 'blue',
        'kubernetes.io/metadata.name': namespace,
      });
      expect(await cluster.namespaceLabels('none', NEVER)).toBeUndefined();
    });

    test('are read, and annotated beside what is there, and nothing else of them changes', async () => {
      await installForeignCrds(server);
      const namespace = await server.createNamespace();
      for (const kind of KINDS) {
        const ref = { kind, namespace, name: 'fleet' };
        expect(await cluster.readObject(ref, NEVER)).toBeUndefined();
        const spec = { url: 'https://git.example.com/fleet.git' };
        await createForeign(server, kind, { ...ref, annotations: { 'example.com/a': '1' }, spec });
        expect(await cluster.annotate(ref, { 'example.com/b': '2' }, NEVER)).toBe('written');
        const annotations = { 'example.com/a': '1', 'example.com/b': '2' };
        expect(await cluster.readObject(ref, NEVER)).toEqual({ annotations, spec });
      }
    });
  });
});
