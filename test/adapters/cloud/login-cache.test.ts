import { describe, expect, it } from 'vitest';
import { createLoginCache } from '../../../src/adapters/cloud/login-cache.ts';
import { FakeClock, never } from '../../support/memory-ports.ts';

const MINUTE = 60_000;

function cacheOf(lifeMs: number) {
  const clock = new FakeClock();
  const cache = createLoginCache<string>(clock);
  let fetched = 0;
  const get = (key = 'key', signal = never) =>
    cache.get(
      key,
      async () => {
        fetched += 1;
        return { value: `login ${fetched}`, endsAt: clock.now().getTime() + lifeMs };
      },
      signal,
    );
  return { clock, cache, get };
}

describe('logins of a cloud', () => {
  it('are kept until five minutes before they end', async () => {
    const { clock, get } = cacheOf(60 * MINUTE);
    expect(await get()).toBe('login 1');
    await clock.advance(54 * MINUTE);
    expect(await get()).toBe('login 1');
    await clock.advance(2 * MINUTE);
    expect(await get()).toBe('login 2');
  });

  it('that live for a short time are used for half of it', async () => {
    const { clock, get } = cacheOf(4 * MINUTE);
    await get();
    await clock.advance(MINUTE);
    expect(await get()).toBe('login 1');
    await clock.advance(2 * MINUTE);
    expect(await get()).toBe('login 2');
  });

  it('are fetched once for all who ask at the same time, and for each key', async () => {
    const { get } = cacheOf(60 * MINUTE);
    expect(await Promise.all([get(), get(), get()])).toEqual(['login 1', 'login 1', 'login 1']);
    expect(await get('other')).toBe('login 2');
  });

  it('go on being fetched when one of those who wait gives up', async () => {
    const clock = new FakeClock();
    const cache = createLoginCache<string>(clock);
    let answer: (value: string) => void = () => undefined;
    const fetch = async () => {
      const value = await new Promise<string>((resolve) => (answer = resolve));
      return { value, endsAt: clock.now().getTime() + 60 * MINUTE };
    };
    const stop = new AbortController();
    const [first, second] = [cache.get('key', fetch, stop.signal), cache.get('key', fetch, never)];
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    answer('login');
    await expect(second).resolves.toBe('login');
    await expect(cache.get('key', fetch, stop.signal)).resolves.toBe('login');
  });

  it('are asked for again after a failure', async () => {
    const { cache, get } = cacheOf(60 * MINUTE);
    const failing = cache.get('key', () => Promise.reject(new Error('refused')), never);
    await expect(failing).rejects.toThrow('refused');
    expect(await get()).toBe('login 1');
  });
});
