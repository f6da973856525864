import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeSoak,
  nextSoaked,
  runsOf,
  soakSummary,
  type Soaking,
  type SoakRule,
} from '../../../src/domain/promotion/soak.ts';
import type { Timeline } from '../../../src/domain/promotion/timeline.ts';
import { createSelector } from '../../../src/domain/selection/create-selector.ts';
import { digest } from '../../support/builders.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 5, 2, 12, minute));
const versions = createSelector({ policy: { semver: { range: '*' } } });
const compare = (a: string, b: string) => versions.compare(a, b);

/** `0:1.0.0 20:1.1.0,1.0.0`; `a` and `b` behind `@` are digests. */
function timeline(text: string): Timeline {
  return text.split(' ').map((moment) => {
    const [minute, images = ''] = moment.split(':');
    return {
      since: at(Number(minute)),
      images: images
        .split(',')
        .map((image) => image.replace(/@(.)$/, (_, hex: string) => `@${digest(hex)}`)),
    };
  });
}

const soaking = (text: string, seenUntil: number): Soaking => ({
  timeline: timeline(text),
  seenUntil: at(seenUntil),
  compare,
});
const rule = (over: Partial<SoakRule> = {}): SoakRule => ({
  soakMs: 60 * 60_000,
  now: at(100),
  allowDowngrade: false,
  ...over,
});

describe('a tag of the followed policy', () => {
  it.each([
    { name: 'runs for long enough', held: '0:1.0.0', tag: '1.0.0', want: 'soaked' },
    { name: 'runs to the minute', held: '40:1.0.0', tag: '1.0.0', want: 'soaked' },
    { name: 'runs for a while', held: '0:1.0.0 41:1.1.0', tag: '1.1.0', want: 'soaking until 101' },
    { name: 'was never there', held: '0:1.0.0', tag: '1.1.0', want: 'not-run' },
    { name: 'is in some locations', held: '0:1.0.0,1.1.0', tag: '1.1.0', want: 'not-run' },
    {
      name: 'counts from when the last location has it',
      held: '0:1.0.0 10:1.0.0,1.1.0 50:1.1.0',
      tag: '1.1.0',
      want: 'soaking until 110',
    },
    {
      name: 'has soaked, and a newer one is there by now',
      held: '0:1.0.0 60:1.1.0',
      tag: '1.0.0',
      want: 'soaked',
    },
    {
      name: 'has soaked, and some locations moved on',
      held: '0:1.0.0 60:1.0.0,1.1.0',
      tag: '1.0.0',
      want: 'soaked',
    },
    {
      name: 'was there too shortly',
      held: '0:1.0.0 59:1.1.0',
      tag: '1.0.0',
      want: 'short until 59',
    },
    {
      name: 'was there twice, too shortly each time',
      held: '0:1.0.0 40:1.0.0,1.1.0 41:1.0.0 80:1.1.0',
      tag: '1.0.0',
      want: 'short until 80',
    },
    {
      name: 'has soaked, and was taken back',
      held: '0:1.1.0 70:1.0.0',
      tag: '1.1.0',
      want: 'taken-back at 70',
    },
    {
      name: 'has soaked, and was taken back in one location',
      held: '0:1.1.0 70:1.0.0,1.1.0',
      tag: '1.1.0',
      want: 'taken-back at 70',
    },
    {
      name: 'soaks anew after it was taken back',
      held: '0:1.1.0 70:1.0.0 80:1.1.0',
      tag: '1.1.0',
      want: 'soaking until 140',
    },
    {
      name: 'is what was gone back to',
      held: '0:1.0.0 60:1.1.0 70:1.0.0',
      tag: '1.0.0',
      want: 'soaked',
    },
    {
      name: 'was there before a tag of which nobody knows the age',
      held: '0:1.0.0 60:nightly',
      tag: '1.0.0',
      want: 'taken-back at 60',
    },
    {
      name: 'was there before a digest alone',
      held: '0:1.0.0 60:sha256:00',
      tag: '1.0.0',
      want: 'taken-back at 60',
    },
    {
      name: 'was there before no tag',
      held: '0:1.0.0 60:',
      tag: '1.0.0',
      want: 'taken-back at 60',
    },
    {
      name: 'was there before nobody looked',
      held: '0:1.0.0 60:* 70:1.1.0',
      tag: '1.0.0',
      want: 'soaked',
    },
    {
      name: 'was there before and after nobody looked',
      held: '20:1.0.0 50:* 60:1.0.0',
      tag: '1.0.0',
      want: 'soaking until 120',
    },
    {
      name: 'is in a further location by now',
      held: '0:1.0.0@a 50:1.0.0,1.0.0@a',
      tag: '1.0.0',
      want: 'soaked a',
    },
  ])('$name', ({ held, tag, want }) => {
    const verdict = judgeSoak(tag, soaking(held, 100), rule());
    expect(textOf(verdict)).toBe(want);
  });

  it('has not soaked before its locations were looked at again', () => {
    const seen = soaking('30:1.0.0', 80);
    expect(textOf(judgeSoak('1.0.0', seen, rule({ now: at(85) })))).toBe('soaking until 90');
    expect(textOf(judgeSoak('1.0.0', seen, rule({ now: at(90) })))).toBe('unseen until 90');
    expect(textOf(judgeSoak('1.0.0', { ...seen, seenUntil: at(90) }, rule()))).toBe('soaked');
  });

  it('is promoted at once where nothing has to soak', () => {
    expect(judgeSoak('1.0.0', soaking('100:1.0.0', 100), rule({ soakMs: 0 })).kind).toBe('soaked');
  });
});

describe('a digest of the followed policy', () => {
  it.each([
    { name: 'is the one that has soaked', held: '0:main@a', want: 'soaked a' },
    {
      name: 'and not a newer one that has not',
      held: '0:main@a 60:main@b',
      want: 'soaked a, then b at 120',
    },
    {
      name: 'and not a newer one that some hold no more',
      held: '0:main@a 60:main@b 70:main@b,main@c',
      want: 'soaked a',
    },
    { name: 'counts for itself', held: '0:main@a 30:main@b', want: 'soaking until 90' },
    { name: 'counts from when it is written', held: '0:main 30:main@a', want: 'soaking until 90' },
    { name: 'and not beside another one', held: '0:main@a,main@b', want: 'not-run' },
    { name: 'was taken back', held: '0:main@a 70:main@b 75:main@a', want: 'taken-back at 75' },
    {
      name: 'is a newer one than that which was taken back',
      held: '0:main@a 5:main@b 10:main@a 15:main@c',
      want: 'soaked c',
    },
    {
      name: 'was taken back, and going back is allowed',
      held: '0:main@a 61:main@b 70:main@a',
      want: 'soaked a',
      over: { allowDowngrade: true },
    },
    { name: 'was left out for a while', held: '0:main@a 70:main 80:main@a', want: 'soaked a' },
  ])('$name', ({ held, want, over = {} }) => {
    expect(textOf(judgeSoak('main', soaking(held, 89), rule({ now: at(89), ...over })))).toBe(want);
  });
});

describe('the next tag that will have soaked', () => {
  it.each([
    { name: 'is the one that all locations hold', held: '50:1.0.0', want: at(110) },
    { name: 'is none while they differ', held: '50:1.0.0,1.1.0', want: undefined },
    { name: 'is none once it has', held: '40:1.0.0', want: undefined },
    { name: 'is none where nothing ever agreed', held: '40:*', want: undefined },
    { name: 'is none after they parted', held: '50:1.0.0 60:1.0.0,1.1.0', want: undefined },
  ])('$name', ({ held, want }) => {
    expect(nextSoaked(soaking(held, 100), rule().soakMs, at(100))).toEqual(want);
  });
});

describe('the summary of what has run', () => {
  const summary = (held: string, seenUntil: number) =>
    soakSummary(soaking(held, seenUntil), { soakMs: 60 * 60_000, allowDowngrade: false });

  it.each([
    { name: 'time goes by', held: '0:1.0.0', from: 10, to: 59, isSame: true },
    { name: 'a tag has soaked', held: '0:1.0.0', from: 59, to: 60, isSame: false },
    { name: 'it goes on running', held: '0:1.0.0', from: 60, to: 90, isSame: true },
  ])('$isSame: it is the same when $name', ({ held, from, to, isSame }) => {
    expect(summary(held, from) === summary(held, to)).toBe(isSame);
  });

  it('is another one when a location moves', () => {
    expect(summary('0:1.0.0 70:1.0.0,1.1.0', 80)).not.toBe(summary('0:1.0.0', 80));
  });
});

const TAGS = ['1.0.0', '1.1.0', '1.2.0', '2.0.0'];
const someTimeline = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 40 }),
      images: fc.uniqueArray(fc.constantFrom(...TAGS, 'nightly', '', '*'), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps) => {
    let minute = 0;
    return steps.map(({ minutes, images }) => {
      minute += minutes;
      return { since: at(minute), images: images.toSorted() };
    });
  });

describe('for all timelines', () => {
  const given = fc.record({
    timeline: someTimeline,
    after: fc.integer({ min: 0, max: 60 }),
    soakMinutes: fc.integer({ min: 1, max: 60 }),
    tag: fc.constantFrom(...TAGS),
  });
  const judge = (
    {
      timeline: moments,
      soakMinutes,
      tag,
    }: { timeline: Timeline; soakMinutes: number; tag: string },
    seenUntil: Date,
  ) =>
    judgeSoak(
      tag,
      { timeline: moments, seenUntil, compare },
      rule({ soakMs: soakMinutes * 60_000, now: seenUntil }),
    );
  const endOf = ({ timeline: moments, after }: { timeline: Timeline; after: number }) =>
    new Date((moments.at(-1)?.since.getTime() ?? 0) + after * 60_000);

  it('no tag is promoted that all locations did not hold for every minute of the soak', () => {
    fc.assert(
      fc.property(given, (one) => {
        const end = endOf(one);
        if (judge(one, end).kind !== 'soaked') return;
        let minutes = 0;
        let longest = 0;
        for (let time = at(0).getTime(); time < end.getTime(); time += 60_000) {
          const held = one.timeline.findLast(({ since }) => since.getTime() <= time)?.images ?? [];
          minutes = held.length === 1 && held[0] === one.tag ? minutes + 1 : 0;
          longest = Math.max(longest, minutes);
        }
        expect(longest).toBeGreaterThanOrEqual(one.soakMinutes);
      }),
    );
  });

  it('no tag is promoted after a location went to something older', () => {
    fc.assert(
      fc.property(given, (one) => {
        const soakedRun = runsOf({ timeline: one.timeline, compare }).find(
          ({ image, takenBack }) => image.tag === one.tag && takenBack === undefined,
        );
        if (judge(one, endOf(one)).kind !== 'soaked') return;
        const since = soakedRun?.since ?? new Date(0);
        const later = one.timeline.filter((moment) => moment.since > since);
        const older = later
          .flatMap(({ images }) => images)
          .filter((image) => image !== '*' && (compare(image, one.tag) ?? -1) < 0);
        expect(older).toEqual([]);
      }),
    );
  });

  it('what is promoted stays so while nothing changes, and a shorter soak never promotes less', () => {
    fc.assert(
      fc.property(given, fc.integer({ min: 0, max: 100 }), (one, more) => {
        const end = endOf(one);
        if (judge(one, end).kind !== 'soaked') return;
        expect(judge(one, new Date(end.getTime() + more * 60_000)).kind).toBe('soaked');
        const soakMinutes = Math.max(0, one.soakMinutes - more);
        expect(judge({ ...one, soakMinutes }, end).kind).toBe('soaked');
      }),
    );
  });

  it('what is promoted stays so when all locations move forward', () => {
    fc.assert(
      fc.property(given, (one) => {
        const end = endOf(one);
        if (judge(one, end).kind !== 'soaked') return;
        const moved = [...one.timeline, { since: end, images: ['3.0.0'] }];
        expect(judge({ ...one, timeline: moved }, end).kind).toBe('soaked');
      }),
    );
  });
});

function textOf(verdict: ReturnType<typeof judgeSoak>): string {
  const minute = (time: Date) => (time.getTime() - at(0).getTime()) / 60_000;
  switch (verdict.kind) {
    case 'soaked': {
      const { digest: soaked, next } = verdict;
      const then = next && `, then ${next.digest.at(-1)} at ${minute(next.until)}`;
      return `${`soaked ${soaked?.at(-1) ?? ''}`.trim()}${then ?? ''}`;
    }
    case 'taken-back':
      return `taken-back at ${minute(verdict.at)}`;
    case 'not-run':
      return 'not-run';
    default:
      return `${verdict.kind} until ${minute(verdict.until)}`;
  }
}
