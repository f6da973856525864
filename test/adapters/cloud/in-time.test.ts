import { afterEach, describe, expect, it, vi } from 'vitest';
import { inTime } from '../../../src/adapters/cloud/in-time.ts';

describe('a login that takes its time', () => {
  afterEach(() => vi.useRealTimers());

  it('is what the task says, when that is quick', async () => {
    expect(await inTime(() => Promise.resolve('login'))).toBe('login');
    await expect(inTime(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('is given up after half a minute, also where the task does not listen', async () => {
    vi.useFakeTimers();
    let given: AbortSignal | undefined;
    const running = inTime((signal) => {
      given = signal;
      return new Promise(() => undefined);
    });
    const failed = running.then(
      () => 'none',
      (error: unknown) => String(error),
    );
    await vi.advanceTimersByTimeAsync(29_999);
    expect(given?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await failed).toBe('Error: Timeout');
    expect(given?.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
