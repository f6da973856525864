import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPushRelay } from '../../../src/adapters/http/push-relay.ts';
import { never } from '../../support/memory-ports.ts';
import { startLoopback, type Answer, type Loopback } from '../../support/registry/loopback.ts';

let leader: Loopback;
let answer: Answer;
let relay: ReturnType<typeof createPushRelay>;

beforeEach(async () => {
  answer = { status: 202 };
  leader = await startLoopback(() => answer);
  relay = createPushRelay();
});
afterEach(async () => {
  await relay.close();
  await leader.close();
});

const send = (headers: Record<string, string> = {}) =>
  relay.send(leader.host, { path: '/hook/a', headers, body: Buffer.from('{"a":1}') }, never);

describe('passing a push on', () => {
  it('keeps path, body and what the sender is known by', async () => {
    const headers = {
      'x-hub-signature-256': 'sha256=00',
      'x-github-event': 'package',
      host: 'hooks.example.com',
      connection: 'close',
      'content-length': '7',
    };
    expect(await send(headers)).toEqual({ status: 202 });
    expect(leader.requests).toMatchObject([
      {
        method: 'POST',
        url: '/hook/a',
        body: '{"a":1}',
        headers: {
          'x-hub-signature-256': 'sha256=00',
          'x-github-event': 'package',
          host: leader.host,
        },
      },
    ]);
  });

  it('marks the request, so that it is passed on once', async () => {
    await send();
    expect(relay.isRelayed(leader.requests[0]!.headers as Record<string, string>)).toBe(true);
    expect(relay.isRelayed({ 'x-github-event': 'package' })).toBe(false);
  });

  it('passes the answer back', async () => {
    answer = { status: 429, headers: { 'retry-after': '3' } };
    expect(await send()).toEqual({ status: 429, retryAfterS: 3 });
    answer = { status: 400, body: 'image is missing or not as expected\nmore' };
    expect(await send()).toEqual({
      status: 400,
      message: 'image is missing or not as expected',
    });
  });

  it.each<[string, Answer]>([
    ['redirects', { status: 302, headers: { location: 'http://evil.example/' } }],
    ['fails', { status: 500 }],
  ])('fails when the other process %s', async (_, given) => {
    answer = given;
    await expect(send()).rejects.toMatchObject({ code: 'cluster/unreachable', retry: true });
  });

  it('fails when nobody is there', async () => {
    await leader.close();
    await expect(send()).rejects.toMatchObject({ code: 'cluster/unreachable' });
  });
});
