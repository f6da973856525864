import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/adapters/registry/retry.ts';

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
