import { describe, expect, it } from 'vitest';
import { judgeAge, judgeNewPush, judgeTagAge } from '../../../src/domain/gates/minimum-age.ts';
import { digest } from '../../support/builders.ts';

const HOUR = 3_600_000;
const now = new Date('2026-06-02T12:00:00.700Z');
const rule = { minimumAgeMs: 24 * HOUR, now };
const ago = (hours: number) => new Date(now.getTime() - hours * HOUR);
const seen = (hours: number, hex = 'a') => ({
  sighting: { tag: '6.3.0', digest: digest(hex), firstSeen: ago(hours) },
  listedSince: ago(hours),
});

describe('the age of a tag, before its digest is asked for', () => {
  it.each([
    { name: 'there before anybody looked', past: { listedSince: undefined }, want: 'aged' },
    { name: 'listed for long, and never watched', past: { listedSince: ago(24) }, want: 'aged' },
    { name: 'listed for a short while', past: { listedSince: ago(23) }, want: 'young' },
    { name: 'seen a short while ago', past: seen(23), want: 'young' },
    { name: 'watched until it was old enough', past: seen(24), want: 'due' },
  ])('of one $name is "$want"', ({ past, want }) => {
    expect(judgeTagAge(past, rule).kind).toBe(want);
  });
});

describe('the age of a tag with its digest', () => {
  it.each([
    { name: 'the same digest, long enough', past: seen(24), hex: 'a', want: undefined },
    { name: 'the same digest, too young', past: seen(23), hex: 'a', want: ago(23) },
    { name: 'another digest: pushed again', past: seen(48), hex: 'b', want: now },
    { name: 'first seen now', past: { listedSince: now }, hex: 'a', want: now },
    { name: 'nothing known of its past', past: { listedSince: undefined }, hex: 'a', want: now },
    { name: 'the tag known for a while', past: { listedSince: ago(3) }, hex: 'a', want: ago(3) },
  ])('counts from the first sight: $name', ({ past, hex, want }) => {
    const verdict = judgeAge(digest(hex), past, rule);
    if (want === undefined) {
      expect(verdict).toEqual({ kind: 'open' });
      return;
    }
    const firstSeen = new Date(Math.floor(want.getTime() / 1000) * 1000);
    const eligibleAt = new Date(firstSeen.getTime() + rule.minimumAgeMs);
    const until = eligibleAt.toISOString().replace('.000Z', 'Z');
    expect(verdict).toEqual({
      kind: 'waiting',
      reason: 'MinimumAge',
      message: `waits for minimumAge until ${until}`,
      digest: digest(hex),
      firstSeen,
      eligibleAt,
    });
  });
});

describe('a new push of the tag that is chosen', () => {
  const chosen = { tag: '6.2.0', digest: digest('a') };

  it('waits, and what was chosen stays chosen meanwhile', () => {
    const verdict = judgeNewPush({ chosen, digest: digest('b') }, {}, rule);
    expect(verdict).toMatchObject({ kind: 'waiting', digest: digest('b'), meanwhile: chosen });
  });

  it('is let through when it is old enough', () => {
    const past = { sighting: { tag: '6.2.0', digest: digest('b'), firstSeen: ago(24) } };
    expect(judgeNewPush({ chosen, digest: digest('b') }, past, rule)).toEqual({ kind: 'open' });
    expect(judgeNewPush({ chosen, digest: digest('a') }, {}, rule)).toEqual({ kind: 'open' });
  });
});
