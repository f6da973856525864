import { describe, expect, it } from 'vitest';
import { createHostLimiter } from '../../../src/adapters/registry/host-limiter.ts';
import { profileOf } from '../../../src/adapters/registry/known-registries.ts';
import { FakeClock, settled } from '../../support/memory-ports.ts';
import { testCall } from '../../support/registry/call.ts';

const HOST = 'registry.example';
const SECOND = 1_000;

function limiterOf({ maxInFlight = 100, maxPerSecond = 200, random = 0 } = {}) {
  const clock = new FakeClock();
  const profile = { ...profileOf(HOST), maxInFlight, maxPerSecond };
  return {
    clock,
    limiter: createHostLimiter({ clock, random: () => random, profileOf: () => profile }),
  };
}

describe('the limiter', () => {
  it('lets so many requests to one host be under way, and the others follow in order', async () => {
    const { limiter } = limiterOf({ maxInFlight: 2 });
    const begun: number[] = [];
    const turns = [0, 1, 2, 3].map(async (index) => {
      const turn = await limiter.turn(HOST, testCall());
      begun.push(index);
      return turn;
    });
    await settled();
    expect(begun).toEqual([0, 1]);
    (await turns[1])?.end();
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    const [first] = await Promise.all(turns.slice(0, 3));
    first?.end();
    first?.end(); // once is enough
    await settled();
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('knows no limit between hosts', async () => {
    const { limiter } = limiterOf({ maxInFlight: 1 });
    await limiter.turn('a.example', testCall());
    await expect(limiter.turn('b.example', testCall())).resolves.toBeDefined();
  });

  it('gives the place of a call that ran out of time to the next one', async () => {
    const { limiter } = limiterOf({ maxInFlight: 1 });
    const [late, patient] = [testCall({ name: 'late' }), testCall()];
    const first = await limiter.turn(HOST, testCall());
    const refused = limiter.turn(HOST, late).catch((reason: unknown) => reason);
    const next = limiter.turn(HOST, patient);
    late.abort();
    expect(await refused).toMatchObject({ code: 'registry/unreachable' });
    first.end();
    await expect(next).resolves.toBeDefined();
  });

  it('gives back the place of a call that ran out of time while the host paused', async () => {
    const { limiter, clock } = limiterOf({ maxInFlight: 1 });
    const first = await limiter.turn(HOST, testCall());
    first.refused(10 * SECOND);
    first.end();
    const late = testCall();
    const refused = limiter.turn(HOST, late).catch((reason: unknown) => reason);
    await settled();
    late.abort();
    expect(await refused).toMatchObject({ code: 'registry/unreachable' });
    await clock.advance(10 * SECOND);
    await expect(limiter.turn(HOST, testCall())).resolves.toBeDefined();
  });

  it('slows down once for all refusals of requests that were under way together', async () => {
    const one = limiterOf();
    const many = limiterOf();
    for (const { limiter, refusals } of [
      { ...one, refusals: 1 },
      { ...many, refusals: 6 },
    ]) {
      const turns = await Promise.all(
        Array.from({ length: 6 }, () => limiter.turn(HOST, testCall())),
      );
      for (const turn of turns.slice(0, refusals)) turn.refused(0);
      for (const turn of turns) turn.end();
    }
    const spacing = async ({ limiter, clock }: ReturnType<typeof limiterOf>) => {
      const next = Promise.all([1, 2, 3].map(() => limiter.turn(HOST, testCall())));
      await clock.advance(60 * SECOND);
      await next;
      return clock.sleeps;
    };
    expect(await spacing(many)).toEqual(await spacing(one));
  });

  it('slows down again for a refusal of what was sent after the first one', async () => {
    const { limiter, clock } = limiterOf();
    const waits: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      const asked = clock.now().getTime();
      const coming = limiter.turn(HOST, testCall());
      await clock.advance(30 * SECOND);
      const turn = await coming;
      waits.push(clock.sleeps.at(-1) ?? 0);
      expect(clock.now().getTime()).toBe(asked + 30 * SECOND);
      turn.refused(0);
      turn.end();
      await clock.advance(0);
    }
    const [, ...rest] = waits;
    expect(rest).toEqual(rest.toSorted((a, b) => a - b));
  });

  it('draws a pause out by up to a tenth, so that not all come back at once', async () => {
    for (const { random, pause } of [
      { random: 0, pause: 10 * SECOND },
      { random: 0.5, pause: 10.5 * SECOND },
    ]) {
      const { limiter, clock } = limiterOf({ random });
      const turn = await limiter.turn(HOST, testCall());
      turn.refused(10 * SECOND);
      turn.end();
      void limiter.turn(HOST, testCall());
      await settled();
      expect(clock.sleeps).toEqual([pause]);
    }
  });

  it('refuses at once what could not be sent in time, and names the time', async () => {
    const { limiter } = limiterOf();
    const turn = await limiter.turn(HOST, testCall());
    turn.refused(600 * SECOND);
    turn.end();
    await expect(limiter.turn(HOST, testCall())).rejects.toMatchObject({
      code: 'registry/rate-limited',
      retry: true,
      afterMs: 600 * SECOND,
      message:
        'registry.example/team/app: registry.example allows no more requests for another 600 s',
    });
  });

  it('forgets idle hosts, and none that asked for a pause', async () => {
    const { limiter } = limiterOf();
    const turn = await limiter.turn(HOST, testCall());
    turn.refused(600 * SECOND);
    turn.end();
    for (let count = 0; count < 3_000; count += 1)
      (await limiter.turn(`host-${count}.example`, testCall())).end();
    await expect(limiter.turn(HOST, testCall())).rejects.toMatchObject({ afterMs: 600 * SECOND });
  });
});
