import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, parseDuration } from '../../src/domain/schedule.ts';

describe('parseDuration', () => {
  it.each([
    ['5m', 300_000],
    ['60s', 60_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m1ms', 60_001],
    ['0s', 0],
    ['0.1ms', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'm', '1d', '-5m', '5 m', '5m ', '1h-30m', '.5h', '1e3s', '5M'])(
    '%j is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow('is not a duration such as 30s, 5m or 1h30m');
    },
  );

  it('adds its parts up, in any order', () => {
    const part = fc.tuple(
      fc.nat({ max: 1000 }),
      fc.constantFrom(['ms', 1] as const, ['s', 1000] as const, ['m', 60_000] as const),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const text = parts.map(([amount, [unit]]) => `${amount}${unit}`).join('');
        const ms = parts.reduce((sum, [amount, [, unitMs]]) => sum + amount * unitMs, 0);
        expect(parseDuration(text)).toBe(ms);
      }),
    );
  });
});

describe('backoffMs', () => {
  it.each([
    [1, 0, 500],
    [1, 0.5, 750],
    [2, 0, 1000],
    [3, 0, 2000],
    [5, 0, 5000],
    [5000, 0, 5000],
    [0, 0, 500],
  ])('after %d failures, with %d drawn, waits %d ms', (failures, random, ms) => {
    expect(backoffMs(failures, { firstMs: 1000, maxMs: 10_000, random })).toBe(ms);
  });

  it('never exceeds the maximum and never falls below half of the first wait', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const ms = backoffMs(failures, { firstMs: 1000, maxMs: 60_000, random });
          expect(ms).toBeGreaterThanOrEqual(500);
          expect(ms).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});
