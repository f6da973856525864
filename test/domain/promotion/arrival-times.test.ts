import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalTimes } from '../../../src/domain/promotion/arrival-times.ts';

const now = 100;
const arrivals = (times: readonly number[]) =>
  arrivalTimes(
    times.map((time) => new Date(time)),
    new Date(now),
  ).map((time) => time.getTime());

describe('when a commit reached its branch', () => {
  it.each([
    { name: 'nothing', times: [], want: [] },
    { name: 'commits in order', times: [90, 50, 10], want: [90, 50, 10] },
    { name: 'one that was dated back', times: [5, 50, 10], want: [50, 50, 10] },
    { name: 'several that were dated back', times: [5, 6, 50], want: [50, 50, 50] },
    { name: 'one that is dated ahead', times: [90, 200, 10], want: [90, 90, 10] },
    { name: 'the last one, dated ahead', times: [200, 10], want: [100, 10] },
    { name: 'all dated ahead', times: [200, 300], want: [100, 100] },
  ])('of $name', ({ times, want }) => {
    expect(arrivals(times)).toEqual(want);
  });

  it('is in order, not after now, and not before any time that may be true', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 })), (times) => {
        const found = arrivals(times);
        expect(found).toEqual(found.toSorted((a, b) => b - a));
        for (const [index, time] of times.entries()) {
          expect(found[index]).toBeLessThanOrEqual(now);
          if (time <= now) expect(found[index]).toBeGreaterThanOrEqual(time);
        }
      }),
    );
  });
});
