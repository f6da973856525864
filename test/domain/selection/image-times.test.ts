import { describe, expect, it } from 'vitest';
import type { BuildTime } from '../../../src/domain/image/build-time.ts';
import { NO_TIMES, timeKey, whyUntimed } from '../../../src/domain/selection/image-times.ts';

const now = new Date('2026-06-01T12:00:00Z');
const MINUTE = 60_000;

function times(time: BuildTime | undefined) {
  return { byTag: new Map(time === undefined ? [] : [['main', time]]), now };
}

describe('the build time of a tag', () => {
  it('orders as texts do, whatever its length', () => {
    const [old, young] = [999, now.getTime()].map((time) => timeKey('main', times(time)) ?? '');
    expect(old).toHaveLength(16);
    expect(String(old) < String(young)).toBe(true);
  });

  it('may be ahead by as much as clocks are apart', () => {
    expect(timeKey('main', times(now.getTime() + 5 * MINUTE))).toBeDefined();
    expect(timeKey('main', times(now.getTime() + 6 * MINUTE))).toBeUndefined();
  });

  it.each<{ readonly time: BuildTime | undefined; readonly why: string }>([
    { time: undefined, why: 'has a build time that is not known' },
    { time: 'absent', why: 'does not say when it was built' },
    { time: 'unreal', why: 'names a build time before there were images' },
    { time: now.getTime() + 6 * MINUTE, why: 'names a build time that is yet to come' },
  ])('does not count where it $why', ({ time, why }) => {
    expect(timeKey('main', times(time))).toBeUndefined();
    expect(whyUntimed('main', times(time))).toEqual({ reason: why });
  });

  it('is not known of any tag as long as nothing is', () => {
    expect(timeKey('main', NO_TIMES)).toBeUndefined();
  });
});
