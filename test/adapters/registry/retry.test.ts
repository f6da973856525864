import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from '../../../src/adapters/registry/retry.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const HOUR_MS = 3_600_000;

describe('retryAfterMs', () => {
  it.each([
    { header: '120', want: 120_000 },
    { header: '0', want: 0 },
    { header: '0.0004', want: 1 },
    { header: 'Fri, 20 Nov 2026 10:00:30 GMT', want: 30_000 },
    { header: 'Fri, 20 Nov 2026 09:00:00 GMT', want: 0 },
    { header: '99999999', want: HOUR_MS },
    { header: 'Thu, 01 Jan 2099 00:00:00 GMT', want: HOUR_MS },
    { header: '629.299µs', want: undefined },
    { header: 'soon', want: undefined },
    { header: '', want: undefined },
    { header: undefined, want: undefined },
  ])('of $header is $want', ({ header, want }) => {
    expect(retryAfterMs(header, NOW)).toBe(want);
  });
});

describe('backoffMs', () => {
  it('doubles with each attempt and stays within half of it and the whole', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), random, (attempt, factor) => {
        const whole = 500 * 2 ** (attempt - 1);
        expect(backoffMs(attempt, factor)).toBeGreaterThanOrEqual(whole / 2);
        expect(backoffMs(attempt, factor)).toBeLessThanOrEqual(whole);
      }),
    );
  });
});
