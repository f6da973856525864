import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/adapters/registry/pace.ts';

const START = Date.parse('2026-06-01T12:00:00Z');
const MINUTE = 60_000;

/** Sends as soon as the pace allows, from `from` on. @returns when, in ms after `from` */
function sendAll(pace: Pace, count: number, from = START): readonly number[] {
  let now = from;
  return Array.from({ length: count }, () => {
    now += pace.waitMs(now);
    pace.take(now);
    return now - from;
  });
}

describe('the pace of a host', () => {
  it('lets a second of requests go at once, and spaces what follows', () => {
    expect(sendAll(new Pace(5), 8)).toEqual([0, 0, 0, 0, 0, 200, 400, 600]);
  });

  it('halves what was really asked, not what would be allowed', () => {
    const pace = new Pace(200);
    for (let at = 0; at < 10_000; at += 100) pace.take(START + at);
    pace.halve(START + 10_000);
    expect(pace.perSecond(START + 10_000)).toBeCloseTo(5, 0);
  });

  it('halves again at each refusal, down to one request in ten seconds', () => {
    const pace = new Pace(8);
    sendAll(pace, 100);
    const rates = Array.from({ length: 8 }, () => {
      pace.halve(START + 12_000);
      return pace.perSecond(START + 12_000);
    });
    expect(rates[0]).toBeCloseTo(4, 0);
    expect(rates[1]).toBeCloseTo((rates[0] ?? 0) / 2);
    expect(rates.at(-1)).toBe(0.1);
    const [, second = 0, third = 0] = sendAll(pace, 3, START + 60_000);
    expect(third - second).toBeGreaterThan(6_000);
  });

  it('has no burst left after a refusal', () => {
    const pace = new Pace(200);
    for (let at = 0; at < 10_000; at += 100) pace.take(START + at);
    pace.halve(START + 10_000);
    const sent = sendAll(pace, 4, START + 10_000);
    expect(sent.map((at) => Math.round(at / 100))).toEqual([2, 4, 6, 8]);
  });

  it('grows by half in a minute, up to what it was', () => {
    const pace = new Pace(10);
    sendAll(pace, 200);
    const refusedAt = START + 19_000;
    pace.halve(refusedAt);
    const from = refusedAt + pace.waitMs(refusedAt);
    const cut = pace.perSecond(from);
    expect(cut).toBeCloseTo(5, 0);
    expect(pace.perSecond(from + MINUTE)).toBeCloseTo(cut * 1.5, 1);
    expect(pace.perSecond(from + 2 * MINUTE)).toBe(10);
    expect(pace.isFresh(from + MINUTE)).toBe(false);
    expect(pace.isFresh(from + 2 * MINUTE)).toBe(true);
  });

  it('grows from the end of a pause on', () => {
    const pace = new Pace(10);
    sendAll(pace, 200);
    pace.pause(START + 19_000, 30 * MINUTE);
    pace.halve(START + 19_000);
    expect(pace.waitMs(START + 19_000)).toBe(30 * MINUTE);
    expect(pace.perSecond(START + 19_000 + 30 * MINUTE)).toBeCloseTo(5, 0);
  });

  it('keeps the longer of two pauses', () => {
    const pace = new Pace(10);
    pace.pause(START, 10_000);
    pace.pause(START, 3_000);
    expect(pace.waitMs(START)).toBe(10_000);
  });

  it('is never slower than the least and never faster than the most, whatever happens', () => {
    const step = fc.record({ afterMs: fc.nat(MINUTE), refused: fc.boolean() });
    const law = fc.property(fc.array(step), fc.integer({ min: 1, max: 200 }), (steps, most) => {
      const pace = new Pace(most);
      let now = START;
      for (const { afterMs, refused } of steps) {
        now += afterMs;
        if (pace.waitMs(now) === 0) pace.take(now);
        if (refused) pace.halve(now);
        expect(pace.perSecond(now)).toBeGreaterThanOrEqual(0.1);
        expect(pace.perSecond(now)).toBeLessThanOrEqual(most);
        expect(pace.waitMs(now)).toBeLessThanOrEqual(20_000);
      }
    });
    fc.assert(law);
  });
});
