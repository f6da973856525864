import { describe, expect, it } from 'vitest';
import { promotionVerdict } from '../../../src/domain/promotion/promotion-verdict.ts';
import type { Timeline } from '../../../src/domain/promotion/timeline.ts';
import { createSelector } from '../../../src/domain/selection/create-selector.ts';
import { digest } from '../../support/builders.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 5, 2) + hour * 3_600_000);
const versions = createSelector({ policy: { semver: { range: '*' } } });

function judge(tag: string, timeline: Timeline, now = at(12), seenUntil = now) {
  const compare = (a: string, b: string) => versions.compare(a, b);
  const source = {
    kind: 'seen',
    followed: 'apps/staging',
    soaking: { timeline, seenUntil, compare },
  } as const;
  return promotionVerdict(tag, source, { soakMs: 3_600_000, now, allowDowngrade: false });
}

const since = (hour: number, ...images: readonly string[]) => ({ since: at(hour), images });

describe('what promoteFrom says of a tag', () => {
  it.each([
    {
      name: 'that has soaked',
      timeline: [since(8, '6.2.0')],
      want: { kind: 'open' },
    },
    {
      name: 'that has soaked with a digest',
      timeline: [since(8, `6.2.0@${digest('a')}`)],
      want: { kind: 'open', digest: digest('a') },
    },
    {
      name: 'that has soaked with one digest, and soaks with the next',
      timeline: [since(8, `6.2.0@${digest('a')}`), since(11.5, `6.2.0@${digest('b')}`)],
      want: {
        kind: 'open',
        digest: digest('a'),
        later: {
          kind: 'waiting',
          reason: 'Soaking',
          firstSeen: at(11.5),
          eligibleAt: at(12.5),
          message: `as ${digest('b')} soaks in apps/staging until 2026-06-02T12:30:00Z; all its locations hold it since 2026-06-02T11:30:00Z`,
        },
      },
    },
    {
      name: 'that soaks',
      timeline: [since(11.5, '6.2.0')],
      want: {
        kind: 'waiting',
        reason: 'Soaking',
        firstSeen: at(11.5),
        eligibleAt: at(12.5),
        message:
          'soaks in apps/staging until 2026-06-02T12:30:00Z; all its locations hold it since 2026-06-02T11:30:00Z',
      },
    },
    {
      name: 'that was there for too short a time',
      timeline: [since(8, '6.2.0'), since(8.5, '6.3.0')],
      want: {
        kind: 'closed',
        reason: 'NotPromoted',
        message:
          'was in all locations of apps/staging from 2026-06-02T08:00:00Z to 2026-06-02T08:30:00Z alone, which is less than the soak',
      },
    },
    {
      name: 'that was taken back',
      timeline: [since(8, '6.2.0'), since(10, '6.1.0')],
      want: {
        kind: 'closed',
        reason: 'NotPromoted',
        message: 'was taken back in apps/staging at 2026-06-02T10:00:00Z',
      },
    },
    {
      name: 'that is not there',
      timeline: [since(8, '6.1.0')],
      want: {
        kind: 'closed',
        reason: 'NotPromoted',
        message: 'has not run in apps/staging, which holds 6.1.0',
      },
    },
  ])('$name', ({ timeline, want }) => {
    expect(judge('6.2.0', timeline)).toEqual(want);
  });

  it('whose locations were not looked at since', () => {
    expect(judge('6.2.0', [since(10.5, '6.2.0')], at(12), at(11))).toEqual({
      kind: 'closed',
      reason: 'Soaking',
      message:
        'has soaked in apps/staging at 2026-06-02T11:30:00Z, if its locations still hold it: their repo is to be looked at first',
    });
  });

  it.each([
    { images: ['6.0.0', '6.1.0'], want: '6.0.0 and 6.1.0' },
    { images: ['', '6.0.0', '6.1.0'], want: 'no tag, 6.0.0 and 6.1.0' },
    { images: ['*', '6.0.0'], want: '6.0.0' },
    { images: ['*'], want: 'nothing' },
  ])('names what is there: $want', ({ images, want }) => {
    expect(judge('6.2.0', [since(8, ...images)])).toMatchObject({
      message: `has not run in apps/staging, which holds ${want}`,
    });
  });

  it('says where what is there is not allowed', () => {
    const soaking = {
      timeline: [since(8, '6.0.0', `7.0.0@${digest('a')}`)],
      seenUntil: at(12),
      compare: (a: string, b: string) => versions.compare(a, b),
    };
    const allows = (tag: string) => tag.startsWith('6.');
    const source = { kind: 'seen', followed: 'apps/staging', soaking, allows } as const;
    const rule = { soakMs: 0, now: at(12), allowDowngrade: false };
    expect(promotionVerdict('6.2.0', source, rule)).toMatchObject({
      message: `has not run in apps/staging, which holds 6.0.0 and 7.0.0@${digest('a')} (not allowed here)`,
    });
  });

  it('says that nothing is there', () => {
    expect(judge('6.2.0', [])).toMatchObject({
      message: 'has not run in apps/staging, which holds nothing',
    });
  });
});
