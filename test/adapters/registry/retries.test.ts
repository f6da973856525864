import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../src/ports/ports.ts';
import { loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';
import { type Answer, startLoopback } from '../../support/registry/loopback.ts';

const TAGS: Answer = { body: { tags: ['1.0'] } };
const MINUTE_MS = 60_000;

/** Gives these answers in turn, the last one for ever. */
function inTurn(...answers: readonly Answer[]): () => Answer | undefined {
  let count = 0;
  return () => answers[Math.min(count++, answers.length - 1)];
}

describe('a request', () => {
  it.each([502, 503, 504])('is sent again after %i, a little later each time', async (status) => {
    const { listTags, clock } = await loopbackClient(inTurn({ status }, { status }, TAGS));
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(clock.sleeps.slice(0, 2)).toEqual([250, 500]);
  });

  it('is sent again after 429, and then within the halved pace too', async () => {
    const { listTags, clock } = await loopbackClient(
      inTurn({ status: 429 }, { status: 429 }, TAGS),
    );
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(clock.sleeps[0]).toBe(250); // its own backoff
    const waited = clock.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(2_500); // a second after the first refusal, two after the other
  });

  it.each([
    { status: 403, body: { errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] } },
    {
      status: 400,
      body: { __type: 'com.amazonaws#ThrottlingException', message: 'Rate exceeded' },
    },
  ])('is sent again after $status whose body means 429', async (refusal) => {
    const { listTags, server } = await loopbackClient(inTurn(refusal, TAGS));
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(server.requests).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 500, 501])('is not sent again after %i', async (status) => {
    const { listTags, server } = await loopbackClient(inTurn({ status }, TAGS));
    await expect(listTags()).rejects.toThrow(String(status));
    expect(server.requests).toHaveLength(1);
  });

  it('is sent no more than five times', async () => {
    const { listTags, server } = await loopbackClient(() => ({ status: 503 }));
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/server-error' });
    expect(server.requests).toHaveLength(5);
  });

  it('is sent again after the connection broke', async () => {
    let count = 0;
    const { listTags } = await loopbackClient((_request, response) => {
      if (++count > 2) return TAGS;
      response.destroy();
      return undefined;
    });
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(count).toBe(3);
  });

  it('is not sent again when the time that is left is too short', async () => {
    const { listTags, server } = await loopbackClient(() => ({ status: 503 }));
    await expect(listTags({ timeoutMs: 800 })).rejects.toMatchObject({
      code: 'registry/server-error',
    });
    expect(server.requests.length).toBeLessThan(5);
  });
});

describe('Retry-After', () => {
  it('in seconds is waited for', async () => {
    const { listTags, clock } = await loopbackClient(
      inTurn({ status: 429, headers: { 'retry-after': '7' } }, TAGS),
    );
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(clock.sleeps[0]).toBe(7_000);
  });

  it('as a date is waited for', async () => {
    const at = new Date(Date.now() + 9_000).toUTCString();
    const { listTags, clock } = await loopbackClient(
      inTurn({ status: 503, headers: { 'retry-after': at } }, TAGS),
    );
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(clock.sleeps[0]).toBeGreaterThan(7_000);
    expect(clock.sleeps[0]).toBeLessThanOrEqual(9_000);
  });

  it('beyond the deadline fails at once and names the time', async () => {
    const { listTags, clock, server } = await loopbackClient(() => ({
      status: 429,
      headers: { 'retry-after': '600' },
      body: { errors: [{ code: 'TOOMANYREQUESTS', message: 'pull rate limit' }] },
    }));
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/rate-limited',
      retry: true,
      afterMs: 10 * MINUTE_MS,
      message: expect.stringContaining('pull rate limit') as string,
    });
    expect(server.requests).toHaveLength(1);
    expect(clock.sleeps).toEqual([]);
  });

  it('of a 429 holds for the whole host: other repositories ask nothing meanwhile', async () => {
    const { listTags, registry, clock, server } = await loopbackClient(
      inTurn({ status: 429, headers: { 'retry-after': '600' } }, TAGS),
    );
    const never = new AbortController().signal;
    const other = () =>
      registry.listTags({ registry: server.host, path: 'other' }, plainAccess(), never);
    await listTags().catch(() => undefined);
    await expect(other()).rejects.toMatchObject({
      code: 'registry/rate-limited',
      retry: true,
      afterMs: expect.closeTo(10 * MINUTE_MS, -4) as number,
    });
    expect(server.requests).toHaveLength(1);
    await clock.sleep(10 * MINUTE_MS, never);
    await expect(other()).resolves.toMatchObject({ tags: ['1.0'] });
  });

  it('of a 429 is waited for by other calls that have the time', async () => {
    const { listTags, clock } = await loopbackClient(
      inTurn({ status: 429, headers: { 'retry-after': '7' } }, TAGS),
    );
    await expect(listTags({ timeoutMs: 5_000 })).rejects.toMatchObject({ afterMs: 7_000 });
    expect(clock.sleeps).toEqual([]);
    await expect(listTags({ timeoutMs: 20_000 })).resolves.toEqual(['1.0']);
    expect(clock.sleeps[0]).toBeGreaterThan(5_000);
  });

  it('is waited for no longer once the call is cancelled', async () => {
    const controller = new AbortController();
    const clock: Clock = {
      now: () => new Date(),
      sleep: (ms, signal) => {
        controller.abort();
        return setTimeout(ms, undefined, { signal });
      },
    };
    const { registry, server } = await loopbackClient(
      () => ({ status: 429, headers: { 'retry-after': '10' } }),
      { clock },
    );
    const call = registry.listTags(teamApp(server.host), plainAccess(), controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.requests).toHaveLength(1);
  });

  it('of a 503 holds for that request only', async () => {
    const { listTags, server } = await loopbackClient(
      inTurn({ status: 503, headers: { 'retry-after': '600' } }, TAGS),
    );
    await expect(listTags()).rejects.toMatchObject({ afterMs: 10 * MINUTE_MS });
    await expect(listTags()).resolves.toEqual(['1.0']);
    expect(server.requests).toHaveLength(2);
  });

  it('holds for token services too', async () => {
    const { listTags, server } = await loopbackClient(({ url, headers }) =>
      url.startsWith('/token')
        ? { status: 429, headers: { 'retry-after': '600' } }
        : {
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="http://${headers.host ?? ''}/token"` },
          },
    );
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/rate-limited' });
    expect(server.requests).toHaveLength(2);
  });

  it('of a host that a registry redirects to holds for that host alone', async () => {
    const storage = await startLoopback(() => ({
      status: 429,
      headers: { 'retry-after': '600' },
    }));
    onTestFinished(() => storage.close());
    const { listTags, registry, server } = await loopbackClient(({ url }) =>
      url.includes('team/app') ? { status: 307, headers: { location: `${storage.url}/x` } } : TAGS,
    );
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/rate-limited' });
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/rate-limited',
      message: expect.stringContaining(`${storage.host} allows no more requests`) as string,
    });
    expect(storage.requests).toHaveLength(1);
    const never = new AbortController().signal;
    const other = { registry: server.host, path: 'other' };
    await expect(registry.listTags(other, plainAccess(), never)).resolves.toMatchObject({
      tags: ['1.0'],
    });
  });
});

describe('a registry that counts pulls', () => {
  it('is asked for no manifest with the last of them, but for digests by HEAD', async () => {
    const quota = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' };
    const known = { ...quota, 'docker-content-digest': `sha256:${'ab'.repeat(32)}` };
    const { digest, server } = await loopbackClient(({ url }) => ({
      headers: url.endsWith('/old') ? quota : known,
      body: '{}',
    }));
    await expect(digest('1.0')).resolves.toBeDefined();
    // Its digest is told by the manifest alone.
    await expect(digest('old')).resolves.toBeDefined();
    await expect(digest('old')).rejects.toMatchObject({
      code: 'registry/rate-limited',
      message: expect.stringContaining('few pulls are left') as string,
    });
    await expect(digest('1.0')).resolves.toBeDefined();
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });
});
