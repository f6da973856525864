import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connectCluster,
  type ConnectedCluster,
} from '../../../src/adapters/kubernetes/connect-cluster.ts';
import type { Leadership, LeaseClaim } from '../../../src/ports/cluster.ts';
import { succeeded } from '../../support/kubernetes/api-request.ts';
import { startApiServer, type TestApiServer } from '../../support/kubernetes/api-server.ts';
import { skipWithoutApiServer } from '../../support/kubernetes/availability.ts';
import { startCutProxy } from '../../support/kubernetes/cut-proxy.ts';
import {
  bundleLeadProgram,
  startLeadChild,
  type LeadProgram,
} from '../../support/kubernetes/lead-child.ts';
import { observations, QUICK } from '../../support/kubernetes/recording.ts';

/** As in production, five times as fast. */
const LEASE = { durationMs: 3_000, renewDeadlineMs: 2_000, retryMs: 400 };
const TIMING = { ...QUICK, lease: LEASE };
/** From a free lease to the next leader: one pause with jitter, and some for the machine. */
const HAND_OVER_MS = LEASE.retryMs * 1.2 + 1_000;
const WAIT = { timeout: 20_000, interval: 10 };

describe.skipIf(skipWithoutApiServer())('leader election on a real API server', () => {
  let server: TestApiServer;
  let program: LeadProgram;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    server = await startApiServer();
    program = await bundleLeadProgram();
  }, 180_000);
  afterAll(async () => {
    program?.remove();
    await server?.stop();
  });
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });

  function connect(kubeconfig = server.adminKubeconfig): ConnectedCluster {
    const cluster = connectCluster({
      kubeconfig,
      observer: observations(),
      random: Math.random,
      timing: TIMING,
    });
    endings.push(() => cluster.close());
    return cluster;
  }

  /** Competes in this process and says what it sees. */
  function compete(
    namespace: string,
    identity: string,
    {
      cluster = connect(),
      stopsAtOnce = true,
      claim = {},
    }: {
      readonly cluster?: ReturnType<typeof connect>;
      readonly stopsAtOnce?: boolean;
      readonly claim?: Partial<LeaseClaim>;
    } = {},
  ) {
    const stop = new AbortController();
    const state = { terms: 0, leading: false, lostAt: 0, stopping: false };
    let leadership: Leadership | undefined;
    let finish = () => {};
    const running = cluster.lead(
      { namespace, name: 'lead', identity, ...claim },
      async (given, signal) => {
        state.terms += 1;
        state.leading = true;
        leadership = given;
        await new Promise<void>((resolve) => {
          finish = resolve;
          signal.addEventListener('abort', () => {
            state.lostAt = Date.now();
            state.stopping = true;
            if (stopsAtOnce) resolve();
          });
        });
        state.leading = false;
      },
      stop.signal,
    );
    endings.push(async () => {
      stop.abort();
      finish();
      await running;
    });
    return {
      state,
      holds: () => leadership?.holds() ?? false,
      stop: () => stop.abort(),
      finish: () => finish(),
      running,
    };
  }

  async function lease(namespace: string) {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/lead`;
    const { spec } = (await succeeded(server.request('GET', path))) as {
      spec: Record<string, unknown>;
    };
    return { path, spec };
  }

  test('one of several leads; when it stops it gives the lease back and the next one leads at once', async () => {
    const namespace = await server.createNamespace();
    const first = compete(namespace, 'first');
    await vi.waitFor(() => expect(first.state.leading).toBe(true), WAIT);
    expect(first.holds()).toBe(true);
    expect((await lease(namespace)).spec).toMatchObject({
      holderIdentity: expect.stringMatching(/^first_/) as string,
      leaseDurationSeconds: 3,
      leaseTransitions: 0,
    });
    const second = compete(namespace, 'second');
    // Longer than the lease lasts: it is being renewed.
    await new Promise((resolve) => setTimeout(resolve, LEASE.durationMs + LEASE.retryMs * 2));
    expect(second.state.terms).toBe(0);
    expect(first.holds()).toBe(true);
    first.stop();
    await first.running;
    expect(first.holds()).toBe(false);
    const stoppedAt = Date.now();
    await vi.waitFor(() => expect(second.state.leading).toBe(true), WAIT);
    expect(Date.now() - stoppedAt).toBeLessThan(HAND_OVER_MS);
    expect((await lease(namespace)).spec).toMatchObject({ leaseTransitions: 1 });
  });

  test('the holder says where it can be reached, and the others are told', async () => {
    const namespace = await server.createNamespace();
    const holder = compete(namespace, 'holder', { claim: { address: '10.0.0.5:9292' } });
    await vi.waitFor(() => expect(holder.state.leading).toBe(true), WAIT);
    const told: (string | undefined)[] = [];
    const claim = {
      address: '10.0.0.6:9292',
      onHolder: (address: string | undefined) => void told.push(address),
    };
    const other = compete(namespace, 'other', { claim });
    await vi.waitFor(() => expect(told).toContain('10.0.0.5:9292'), WAIT);
    holder.stop();
    await vi.waitFor(() => expect(other.state.leading).toBe(true), WAIT);
    const third = compete(namespace, 'third', { claim });
    await vi.waitFor(() => expect(told.at(-1)).toBe('10.0.0.6:9292'), WAIT);
    expect(third.state.terms).toBe(0);
  });

  test('a leader that stops keeps the lease until its work has ended', async () => {
    const namespace = await server.createNamespace();
    const slow = compete(namespace, 'slow', { stopsAtOnce: false });
    await vi.waitFor(() => expect(slow.state.leading).toBe(true), WAIT);
    const next = compete(namespace, 'next');
    slow.stop();
    await vi.waitFor(() => expect(slow.state.stopping).toBe(true), WAIT);
    await new Promise((resolve) => setTimeout(resolve, LEASE.durationMs + LEASE.retryMs));
    expect(slow.holds()).toBe(true);
    expect(next.state.terms).toBe(0);
    slow.finish();
    await slow.running;
    await vi.waitFor(() => expect(next.state.leading).toBe(true), WAIT);
  });

  test('a leader that cannot reach the API server stops before another one leads', async () => {
    const namespace = await server.createNamespace();
    const proxy = await startCutProxy(Number(new URL(server.url).port));
    endings.push(() => proxy.close());
    const kubeconfig = server.kubeconfig({
      token: server.adminToken,
      server: `https://127.0.0.1:${proxy.port}`,
    });
    const cut = compete(namespace, 'cut', { cluster: connect(kubeconfig) });
    await vi.waitFor(() => expect(cut.state.leading).toBe(true), WAIT);
    const other = compete(namespace, 'other');
    proxy.freeze();
    const frozenAt = Date.now();
    let leaders = 0;
    await vi.waitFor(() => {
      leaders = Math.max(leaders, Number(cut.holds()) + Number(other.holds()));
      expect(other.state.leading).toBe(true);
    }, WAIT);
    expect(leaders).toBe(1);
    expect(cut.state.leading).toBe(false);
    expect(cut.state.lostAt - frozenAt).toBeLessThan(LEASE.renewDeadlineMs + 500);
    expect(Date.now() - frozenAt).toBeLessThan(LEASE.durationMs + LEASE.retryMs + HAND_OVER_MS);
    // It competes again when it is back, and finds the lease taken.
    proxy.thaw();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(cut.state.terms).toBe(1);
    other.stop();
    await vi.waitFor(() => expect(cut.state.terms).toBe(2), WAIT);
  });

  test('a lease that somebody else took over is noticed with the next renewal', async () => {
    const namespace = await server.createNamespace();
    const leader = compete(namespace, 'leader');
    await vi.waitFor(() => expect(leader.state.leading).toBe(true), WAIT);
    const { path } = await lease(namespace);
    const taken = { spec: { holderIdentity: 'thief' } };
    await succeeded(server.request('PATCH', path, taken, 'application/merge-patch+json'));
    await vi.waitFor(() => expect(leader.state.leading).toBe(false), { timeout: HAND_OVER_MS });
    expect(leader.holds()).toBe(false);
    expect((await lease(namespace)).spec).toMatchObject({ holderIdentity: 'thief' });
  });

  test.each([
    ['long past', '2001-01-01T00:00:00.000000Z'],
    ['far ahead', '2999-01-01T00:00:00.000000Z'],
  ])('clocks need not agree: a renewal %s is given its whole time', async (_, renewTime) => {
    const namespace = await server.createNamespace();
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const spec = {
      holderIdentity: 'elsewhere',
      leaseDurationSeconds: 3,
      renewTime,
      acquireTime: renewTime,
    };
    await succeeded(server.request('POST', path, { metadata: { name: 'lead' }, spec }));
    const begun = Date.now();
    const candidate = compete(namespace, 'candidate');
    await vi.waitFor(() => expect(candidate.state.leading).toBe(true), WAIT);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(LEASE.durationMs);
    expect(Date.now() - begun).toBeLessThan(LEASE.durationMs + HAND_OVER_MS);
  });

  test('what `lead` throws comes out, and the lease is free again', async () => {
    const namespace = await server.createNamespace();
    const failing = connect().lead(
      { namespace, name: 'lead', identity: 'failing' },
      () => Promise.reject(new Error('boom')),
      new AbortController().signal,
    );
    await expect(failing).rejects.toThrow('boom');
    expect((await lease(namespace)).spec).toMatchObject({ holderIdentity: '' });
  });

  test('a leader that is killed is replaced within the lease time', async () => {
    const namespace = await server.createNamespace();
    const child = startChild(namespace, 'victim');
    await vi.waitFor(() => expect(child.lines.at(-1)?.text).toBe('leading'), WAIT);
    const next = compete(namespace, 'next');
    await new Promise((resolve) => setTimeout(resolve, LEASE.retryMs * 2));
    child.signal('SIGKILL');
    const killedAt = Date.now();
    await vi.waitFor(() => expect(next.state.leading).toBe(true), WAIT);
    expect(Date.now() - killedAt).toBeLessThan(LEASE.durationMs + HAND_OVER_MS);
  });

  test('a leader that was frozen finds on waking that it holds nothing, and stops', async () => {
    const namespace = await server.createNamespace();
    const child = startChild(namespace, 'frozen');
    await vi.waitFor(() => expect(child.lines.at(-1)?.text).toBe('leading'), WAIT);
    const next = compete(namespace, 'next');
    await new Promise((resolve) => setTimeout(resolve, LEASE.retryMs * 2));
    child.signal('SIGSTOP');
    const frozenAt = Date.now();
    await vi.waitFor(() => expect(next.state.leading).toBe(true), WAIT);
    expect(Date.now() - frozenAt).toBeLessThan(LEASE.durationMs + LEASE.retryMs + HAND_OVER_MS);
    child.signal('SIGCONT');
    await vi.waitFor(() => expect(child.lines.at(-1)?.text).toBe('stopped'), WAIT);
    // A busy machine may hold the process up for a moment before that, too: then it still leads.
    const said = child.lines.map(({ text }) => text).filter((text) => !text.endsWith(' true'));
    expect(said).toEqual(['leading', expect.stringMatching(/^woke \d+ false$/), 'stopped']);
    expect(next.holds()).toBe(true);
  });

  test('a short freeze, within the lease time, costs nothing', async () => {
    const namespace = await server.createNamespace();
    const child = startChild(namespace, 'dozing');
    await vi.waitFor(() => expect(child.lines.at(-1)?.text).toBe('leading'), WAIT);
    child.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    child.signal('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, LEASE.durationMs));
    expect(child.lines.map(({ text }) => text)).toEqual([
      'leading',
      expect.stringMatching(/^woke \d+ true$/),
    ]);
  });

  function startChild(namespace: string, identity: string) {
    const kubeconfig = server.adminKubeconfig;
    const child = startLeadChild(program, { kubeconfig, namespace, identity, timing: TIMING });
    endings.push(async () => {
      child.signal('SIGKILL');
      await child.ended;
    });
    return child;
  }
});
