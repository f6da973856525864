import { beforeEach, describe, expect, it } from 'vitest';
import type { ImagePolicy } from '../../../src/api/image-policy.ts';
import { createPushHandler, type PushEvent } from '../../../src/app/receive/push-handler.ts';
import { Receivers } from '../../../src/app/receive/receivers.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { policy, receiver } from '../../support/builders.ts';
import { FakeClock, never } from '../../support/memory-ports.ts';
import { MemoryPushes } from '../../support/memory-pushes.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
const WEB = { image: 'ghcr.io/acme/web', tag: '1.2.0' };

let clock: FakeClock;
let pushes: MemoryPushes;
let receivers: Receivers;
let policies: ImagePolicy[];
let hinted: string[];
let events: PushEvent[];

beforeEach(() => {
  clock = new FakeClock();
  pushes = new MemoryPushes();
  receivers = new Receivers(pushes.messages);
  policies = [policy({ image: 'ghcr.io/acme/web' }, 'apps/web')];
  hinted = [];
  events = [];
  pushes.endpoint.handle(
    createPushHandler({
      clock,
      messages: pushes.messages,
      receivers,
      policies: () => policies,
      hint: (found) => hinted.push(...found.map(({ metadata }) => metadata.name)),
      onEvent: (event) => events.push(event),
    }),
  );
});

const open = (...given: Parameters<typeof receiver>) =>
  receivers.open(receiver(...given), TOKEN).path;
const post = (path: string, body: unknown = WEB, token = TOKEN) =>
  pushes.post(path, body, { token });

describe('a push', () => {
  it('that a policy is about makes it scan, and is answered at once', async () => {
    expect(await post(open())).toEqual({ status: 202 });
    expect(hinted).toEqual(['web']);
    expect(events).toEqual([
      { kind: 'push', type: 'generic', receiver: 'apps/hub', result: 'scanned', detail: 'web' },
    ]);
  });

  it.each<[string, unknown]>([
    ['no policy is about', { image: 'ghcr.io/acme/other', tag: '1.2.0' }],
    ['no policy would choose', { image: 'ghcr.io/acme/web', tag: 'not-a-version' }],
  ])('that %s is answered with success and does nothing', async (_, body) => {
    expect(await post(open(), body)).toEqual({ status: 204 });
    expect(hinted).toEqual([]);
    expect(events).toMatchObject([{ result: 'ignored' }]);
  });

  it('scans policies of the receiver’s namespace only', async () => {
    policies.push(policy({ image: 'ghcr.io/acme/web' }, 'other/web-of-others'));
    await post(open());
    expect(hinted).toEqual(['web']);
  });

  it('scans policies that the selector matches only', async () => {
    const labelled = policy({ image: 'ghcr.io/acme/web' }, 'apps/labelled');
    policies.push({ ...labelled, metadata: { ...labelled.metadata, labels: { team: 'shop' } } });
    await post(open({ policySelector: { matchLabels: { team: 'shop' } } }));
    expect(hinted).toEqual(['labelled']);
  });

  it('leaves suspended policies alone', async () => {
    policies = [policy({ image: 'ghcr.io/acme/web', suspend: true })];
    expect(await post(open())).toEqual({ status: 204 });
  });

  it('does nothing at a suspended receiver, which the sender need not know', async () => {
    expect(await post(open({ suspend: true }))).toEqual({ status: 204 });
    expect(hinted).toEqual([]);
  });
});

describe('a request', () => {
  it.each(['/', '/hook', '/hook/', `/hook/${'0'.repeat(64)}`, '/healthz'])(
    'to %s is answered like one to any other path that is nobody’s',
    async (path) => {
      open();
      expect(await post(path)).toEqual({ status: 404 });
      expect(events).toEqual([{ kind: 'push', type: 'unknown', result: 'refused' }]);
    },
  );

  it('of somebody who does not know the token learns nothing', async () => {
    const path = open();
    expect(await post(path, WEB, 'another-token-of-32-characters!!')).toEqual({ status: 401 });
    expect(await post(path, 'not such an event', '')).toEqual({ status: 401 });
    expect(hinted).toEqual([]);
  });

  it('that cannot be understood is told why, in one line', async () => {
    expect(await post(open(), { tag: '1' })).toEqual({
      status: 400,
      message: 'image is missing or not as expected',
    });
  });

  it('that is too large is told nothing else', async () => {
    const handler = createPushHandler({
      clock,
      messages: pushes.messages,
      receivers,
      policies: () => policies,
      hint: () => undefined,
      onEvent: (event) => events.push(event),
    });
    const next = handler({ path: open(), source: '10.0.0.1', headers: {} });
    expect(typeof next === 'function' && (await next(undefined, never))).toEqual({ status: 413 });
    expect(events).toMatchObject([{ result: 'malformed' }]);
  });

  it('that cannot be judged now is to come again', async () => {
    const path = open();
    pushes.messages.read = async () => {
      throw new AppError('registry/unreachable', 'the keys cannot be had');
    };
    expect(await post(path)).toEqual({ status: 503, retryAfterS: 5 });
    expect(events).toMatchObject([{ result: 'unavailable', detail: 'the keys cannot be had' }]);
  });

  it('to a path that may be known in a moment is to come again', async () => {
    receivers.await({ namespace: 'apps', name: 'hub' });
    expect(await post('/hook/unknown')).toEqual({ status: 503, retryAfterS: 5 });
    receivers.settle({ namespace: 'apps', name: 'hub' });
    expect(await post('/hook/unknown')).toEqual({ status: 404 });
  });

  it('to the path of a receiver that is closed, or has another token, goes nowhere', async () => {
    const path = open();
    receivers.open(receiver(), 'another-token-of-32-characters!!');
    expect(await post(path)).toEqual({ status: 404 });
    const second = open();
    receivers.close({ namespace: 'apps', name: 'hub' });
    expect(await post(second)).toEqual({ status: 404 });
  });
});

describe('too many requests', () => {
  const flood = async (path: string, source: string, count = 600) => {
    const answers = [];
    for (let sent = 0; sent < count; sent += 1)
      answers.push(await pushes.post(path, WEB, { token: TOKEN, source }));
    return answers.map((answer) => answer?.status);
  };

  it('of a stranger are limited, and nobody else suffers', async () => {
    const statuses = await flood('/nowhere', '10.6.6.6', 60);
    expect([statuses.indexOf(429), statuses.at(-1)]).toEqual([50, 429]);
    expect(await post(open())).toEqual({ status: 202 });
  });

  it('of strangers behind one proxy do not shut out those who know a path', async () => {
    await flood('/nowhere', '10.0.0.1', 60);
    expect(await post(open())).toEqual({ status: 202 });
  });

  it('of one sender leave room for the other senders of a receiver', async () => {
    const path = open();
    expect((await flood(path, '10.0.0.1')).indexOf(429)).toBe(250);
    expect((await flood(path, '10.0.0.2')).indexOf(429)).toBe(250);
    expect(await flood(path, '10.0.0.3', 1)).toEqual([429]);
  });

  it('to one receiver leave the others alone, and come again later', async () => {
    const path = open();
    await flood(path, '10.0.0.1');
    expect(await post(open({}, 'apps/other'))).toEqual({ status: 202 });
    expect(await post(path)).toEqual({ status: 429, retryAfterS: 1 });
    await clock.advance(1_000);
    expect(await post(path)).toEqual({ status: 202 });
  });
});
