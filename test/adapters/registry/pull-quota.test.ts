import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../../src/adapters/registry/call.ts';
import type { RegistryEvent } from '../../../src/adapters/registry/events.ts';
import { createPullQuotas } from '../../../src/adapters/registry/pull-quota.ts';
import { FakeClock } from '../../support/memory-ports.ts';
import { testCall } from '../../support/registry/call.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const request = (method: 'GET' | 'HEAD', what: string) => ({
  method,
  url: new URL(`https://registry.example/v2/team/app/${what}`),
  headers: {},
  maxBytes: 1,
});
const PULL = request('GET', 'manifests/1.0');

const response = (headers: Readonly<Record<string, string>>): HttpResponse => ({
  url: PULL.url,
  status: 200,
  header: (name) => headers[name],
  body: Buffer.of(),
});
const left = (remaining: number) =>
  response({
    'ratelimit-limit': '100;w=21600',
    'ratelimit-remaining': `${remaining};w=21600`,
    'docker-ratelimit-source': '203.0.113.7',
  });

function quotasOf() {
  const clock = new FakeClock('2026-06-01T12:00:00Z', { auto: true });
  const events: RegistryEvent[] = [];
  return { clock, events, quotas: createPullQuotas(clock, (event) => events.push(event)) };
}

describe('a pull', () => {
  it('waits for nothing while at least half of the quota is left', async () => {
    const { quotas, clock } = quotasOf();
    quotas.note(PULL, left(50), testCall());
    await quotas.wait(PULL, testCall());
    expect(clock.sleeps).toEqual([]);
  });

  it('waits with less, so that what is left lasts for the window', async () => {
    const { quotas, clock } = quotasOf();
    const patient = testCall({ remainingMs: 24 * HOUR });
    quotas.note(PULL, left(36), patient);
    await quotas.wait(PULL, patient);
    await quotas.wait(PULL, patient);
    expect(clock.sleeps).toEqual([600 * SECOND, 600 * SECOND]);
  });

  it('that cannot wait so long is refused at once, and names the time', async () => {
    const { quotas, clock } = quotasOf();
    quotas.note(PULL, left(0), testCall());
    await expect(quotas.wait(PULL, testCall())).rejects.toMatchObject({
      code: 'registry/rate-limited',
      retry: true,
      afterMs: 6 * HOUR,
      message: expect.stringContaining('few pulls are left') as string,
    });
    expect(clock.sleeps).toEqual([]);
  });

  it.each([request('HEAD', 'manifests/1.0'), request('GET', 'tags/list')])(
    'is not what a $method of $url.pathname is: that waits for nothing',
    async (other) => {
      const { quotas, clock } = quotasOf();
      quotas.note(PULL, left(0), testCall());
      await quotas.wait(other, testCall());
      expect(clock.sleeps).toEqual([]);
    },
  );

  it('goes on once the registry says that more is left, also in the answer to a HEAD', async () => {
    const { quotas, clock } = quotasOf();
    quotas.note(PULL, left(0), testCall());
    quotas.note(request('HEAD', 'manifests/1.0'), left(80), testCall());
    await quotas.wait(PULL, testCall());
    expect(clock.sleeps).toEqual([]);
  });

  it('goes on when the window is over', async () => {
    const { quotas, clock } = quotasOf();
    quotas.note(PULL, left(0), testCall());
    await clock.sleep(7 * HOUR, testCall().deadline.signal);
    await expect(quotas.wait(PULL, testCall())).resolves.toBeUndefined();
  });

  it('of another login has a quota of its own', async () => {
    const { quotas, clock } = quotasOf();
    quotas.note(PULL, left(0), testCall());
    const other = { kind: 'basic', username: 'me', password: 'planted' } as const;
    await quotas.wait(PULL, testCall({ credentials: other }));
    expect(clock.sleeps).toEqual([]);
  });

  it.each([
    { name: 'no headers', headers: {} },
    { name: 'no limit', headers: { 'ratelimit-remaining': '0;w=21600' } },
    { name: 'no window', headers: { 'ratelimit-limit': '100', 'ratelimit-remaining': '0' } },
    {
      name: 'rubbish',
      headers: { 'ratelimit-limit': 'many;w=1', 'ratelimit-remaining': '-1;w=1' },
    },
    {
      name: 'a limit of nothing',
      headers: { 'ratelimit-limit': '0;w=60', 'ratelimit-remaining': '0;w=60' },
    },
  ])('is not metered where there are $name', async ({ headers }) => {
    const { quotas, clock, events } = quotasOf();
    quotas.note(PULL, response(headers), testCall());
    await quotas.wait(PULL, testCall());
    expect(clock.sleeps).toEqual([]);
    expect(events).toEqual([]);
  });

  it.each([
    { source: '203.0.113.7', counted: 'address' },
    { source: '2001:db8::', counted: 'address' },
    { source: '0e9e1a4e-0000-4000-8000-000000000000', counted: 'account' },
  ])('counted for $source is told as one of the $counted', ({ source, counted }) => {
    const { quotas, events } = quotasOf();
    const headers = {
      'ratelimit-limit': '200;w=21600',
      'ratelimit-remaining': '199;w=21600',
      'docker-ratelimit-source': source,
    };
    quotas.note(PULL, response(headers), testCall());
    expect(events).toEqual([
      { kind: 'quota', registry: 'registry.example', counted, limit: 200, remaining: 199 },
    ]);
  });
});
