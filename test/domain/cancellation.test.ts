import { describe, expect, it } from 'vitest';
import { throwIfCancelled, untilCancelled } from '../../src/domain/cancellation.ts';

const STOPPED = { code: 'cancelled', message: 'stopped while it was asked for' };
const never = new Promise<string>(() => undefined);

describe('work under a signal', () => {
  it('gives what it gives while the signal does not fire', async () => {
    const { signal } = new AbortController();
    await expect(untilCancelled(Promise.resolve('done'), signal)).resolves.toBe('done');
  });

  it('fails as it fails', async () => {
    const { signal } = new AbortController();
    const failing = Promise.reject(new Error('no'));
    await expect(untilCancelled(failing, signal)).rejects.toThrow('no');
  });

  it('is waited for no longer once the signal fires', async () => {
    const stop = new AbortController();
    const waiting = untilCancelled(never, stop.signal, STOPPED.message);
    stop.abort();
    await expect(waiting).rejects.toMatchObject(STOPPED);
  });

  it('is not waited for where the signal has fired', async () => {
    const done = Promise.resolve('done');
    await expect(untilCancelled(done, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
      message: 'cancelled',
    });
  });
});

it('a fired signal is an error, and one that has not fired is none', () => {
  expect(() => throwIfCancelled(AbortSignal.abort(), STOPPED.message)).toThrow(STOPPED.message);
  expect(() => throwIfCancelled(new AbortController().signal)).not.toThrow();
});
