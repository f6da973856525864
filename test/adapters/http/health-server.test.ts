import { Server } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startHealthServer } from '../../../src/adapters/http/health-server.ts';
import type { RunningServer } from '../../../src/adapters/http/listen.ts';

let server: RunningServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.close();
});

async function start(metrics = new Registry()): Promise<RunningServer> {
  server = await startHealthServer('127.0.0.1:0', {
    metrics,
    unhealthy: () => undefined,
    notReady: () => 'not yet',
  });
  return server;
}

describe('the health server', () => {
  it.each([
    ['/healthz', 200, 'ok\n'],
    ['/readyz', 503, 'not yet\n'],
    ['/healthz?verbose', 200, 'ok\n'],
    ['/', 404, 'not found: try /healthz, /readyz or /metrics\n'],
  ])('answers %s with %i', async (path, status, body) => {
    const response = await fetch((await start()).url + path);
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('answers 500 when a metric fails, and lives on', async () => {
    const metrics = new Registry();
    const collect = () => {
      throw new Error('no');
    };
    metrics.registerMetric(new Gauge({ name: 'broken', help: '-', registers: [], collect }));
    const { url } = await start(metrics);
    expect((await fetch(`${url}/metrics`)).status).toBe(500);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('outlives connections that cannot be taken', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const { url } = await start();
    const inner = listen.mock.contexts[0] as Server | undefined;
    for (let count = 0; count < 3; count++) inner?.emit('error', new Error('accept EMFILE'));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('says where it cannot listen', async () => {
    const { url } = await start();
    const source = { metrics: new Registry(), unhealthy: () => undefined, notReady: () => 'x' };
    await expect(startHealthServer(new URL(url).host, source)).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
