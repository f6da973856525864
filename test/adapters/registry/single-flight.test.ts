import { describe, expect, it } from 'vitest';
import { createSingleFlight } from '../../../src/adapters/registry/single-flight.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { settled } from '../../support/memory-ports.ts';
import { testCall } from '../../support/registry/call.ts';

/** Work that ends when the test says so. */
function work() {
  const begun: { resolve: (value: string) => void; reject: (error: unknown) => void }[] = [];
  return {
    begun,
    start: () =>
      new Promise<string>((resolve, reject) => {
        begun.push({ resolve, reject });
      }),
  };
}

const denied = () => new AppError('registry/unauthorized', 'denied');

describe('work under one key', () => {
  it('is done once for all who ask meanwhile, and anew for who comes later', async () => {
    const flight = createSingleFlight<string>();
    const { begun, start } = work();
    const asked = [1, 2, 3].map(() => flight('key', testCall(), start));
    begun[0]?.resolve('one');
    await expect(Promise.all(asked)).resolves.toEqual(['one', 'one', 'one']);
    const later = flight('key', testCall(), start);
    begun[1]?.resolve('two');
    await expect(later).resolves.toBe('two');
    expect(begun).toHaveLength(2);
  });

  it('fails once for all who ask for the same repository', async () => {
    const flight = createSingleFlight<string>();
    const { begun, start } = work();
    const asked = [1, 2].map(() => flight('key', testCall(), start));
    begun[0]?.reject(denied());
    const results = await Promise.allSettled(asked);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(begun).toHaveLength(1);
  });

  it.each([
    { name: 'was for another repository', leader: { name: 'team/private' }, timesOut: false },
    { name: 'ran out of its own time', leader: {}, timesOut: true },
  ])('that failed because it $name is done again', async ({ leader, timesOut }) => {
    const flight = createSingleFlight<string>();
    const { begun, start } = work();
    const leading = testCall(leader);
    const first = flight('key', leading, start);
    const second = flight('key', testCall(), start);
    if (timesOut) leading.abort();
    begun[0]?.reject(denied());
    await expect(first).rejects.toMatchObject({ code: 'registry/unauthorized' });
    await settled();
    begun[1]?.resolve('own');
    await expect(second).resolves.toBe('own');
  });

  it('is waited for no longer than a call may take', async () => {
    const flight = createSingleFlight<string>();
    const { begun, start } = work();
    const hasty = testCall();
    const first = flight('key', testCall(), start);
    const second = flight('key', hasty, start);
    hasty.abort();
    await expect(second).rejects.toMatchObject({ code: 'registry/unreachable' });
    begun[0]?.resolve('one');
    await expect(first).resolves.toBe('one');
  });
});
