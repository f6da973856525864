import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimits } from '../../../src/app/receive/rate-limits.ts';

const RATE = { burst: 3, perSecond: 2 };

describe('rate limits', () => {
  it('let a burst through, then say how long to wait', () => {
    const limits = new RateLimits();
    expect([0, 0, 0, 0].map((now) => limits.take('a', RATE, now))).toEqual([0, 0, 0, 500]);
    expect(limits.take('b', RATE, 0)).toBe(0);
    expect(limits.take('a', RATE, 250)).toBe(250);
    expect(limits.take('a', RATE, 500)).toBe(0);
  });

  it('bear a clock that is set back', () => {
    const limits = new RateLimits();
    expect(limits.take('a', RATE, 10_000)).toBe(0);
    expect(limits.take('a', RATE, 0)).toBe(0);
  });

  it('never let more through than the burst and what comes by time', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (waits) => {
        const limits = new RateLimits();
        let now = 0;
        let through = 0;
        for (const wait of waits) {
          now += wait;
          if (limits.take('a', RATE, now) === 0) through += 1;
        }
        expect(through).toBeLessThanOrEqual(RATE.burst + (now / 1_000) * RATE.perSecond);
      }),
    );
  });

  it('remember a bounded number of keys: those that were heard of last', () => {
    const limits = new RateLimits();
    const rate = { burst: 1, perSecond: 0.001 };
    limits.take('first', rate, 0);
    limits.take('kept', rate, 0);
    for (let key = 0; key < 9_999; key += 1) {
      if (key % 5_000 === 0) limits.take('kept', rate, 0);
      limits.take(`other ${key}`, rate, 0);
    }
    expect(limits.take('kept', rate, 0)).toBeGreaterThan(0);
    expect(limits.take('first', rate, 0)).toBe(0);
  });
});
