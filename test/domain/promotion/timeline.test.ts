import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  imagesOf,
  MAX_IMAGES,
  MAX_MOMENTS,
  merged,
  observed,
  type Look,
  type Timeline,
} from '../../../src/domain/promotion/timeline.ts';
import { digest, field, slot } from '../../support/builders.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 5, 2, 12, minute));

/** `0:1.0 20:1.1,1.0` — what was held from which minute on. */
function timeline(text: string): Timeline {
  return text
    .split(' ')
    .filter((moment) => moment !== '')
    .map((moment) => {
      const [minute, images = ''] = moment.split(':');
      return { since: at(Number(minute)), images: images === '' ? [] : images.split(',') };
    });
}

function text(moments: Timeline): string {
  return moments
    .map(({ since, images }) => {
      const minute = since.getTime() === 0 ? 'ever' : (since.getTime() - at(0).getTime()) / 60_000;
      return `${minute}:${images.join(',')}`;
    })
    .join(' ');
}

describe('what locations hold together', () => {
  const image = 'ghcr.io/stefanprodan/podinfo';

  it.each([
    { name: 'no location', held: [], want: [] },
    { name: 'the same twice', held: [':6.2.0', ':6.2.0'], want: ['6.2.0'] },
    { name: 'different tags', held: [':6.2.0', ':6.1.0'], want: ['6.1.0', '6.2.0'] },
    { name: 'no tag', held: [':6.2.0', ''], want: ['', '6.2.0'] },
    {
      name: 'digests',
      held: [`:6.2.0@${digest('a')}`, `@${digest('b')}`],
      want: [`6.2.0@${digest('a')}`, digest('b')],
    },
  ])('is each image once, sorted: $name', ({ held, want }) => {
    expect(imagesOf(held.map((rest) => slot(field(`${image}${rest}`))))).toEqual(want);
  });

  it('counts as holding something older where it is too much to be told apart', () => {
    const tags = Array.from({ length: MAX_IMAGES + 1 }, (_, minor) => `1.${minor}.0`);
    const images = imagesOf(tags.map((tag) => slot(field(`${image}:${tag}`))));
    expect(images).toEqual(['', ...tags.slice(0, MAX_IMAGES - 1)]);
  });
});

describe('a look at the locations', () => {
  const look = (now: number, images: string, over: Partial<Look> = {}): Look => ({
    now: at(now),
    images: images === '' ? [] : images.split(','),
    ...over,
  });

  it.each([
    { name: 'the first counts from now', before: undefined, seen: look(5, '1.0'), want: '5:1.0' },
    {
      name: 'the first counts from the commit, where there is a history',
      before: undefined,
      seen: look(5, '1.0', { told: timeline('0:0.9 2:1.0') }),
      want: '0:0.9 2:1.0',
    },
    {
      name: 'the first that finds nothing counts from ever',
      before: undefined,
      seen: look(5, ''),
      want: 'ever:',
    },
    {
      name: 'an empty timeline is none',
      before: '',
      seen: look(5, '1.0'),
      want: '5:1.0',
    },
    {
      name: 'the same again changes nothing',
      before: '0:1.0',
      seen: look(5, '1.0', { lastLook: at(4) }),
      want: '0:1.0',
    },
    {
      name: 'a change counts from the commit that made it',
      before: '0:1.0',
      seen: look(9, '1.1', { lastLook: at(5), told: timeline('0:1.0 7:1.1') }),
      want: '0:1.0 7:1.1',
    },
    {
      name: 'all that happened meanwhile is known from history',
      before: '0:1.0',
      seen: look(9, '1.2', { lastLook: at(5), told: timeline('0:1.0 6:1.1 7:1.0,1.2 8:1.2') }),
      want: '0:1.0 6:1.1 7:1.0,1.2 8:1.2',
    },
    {
      name: 'a commit is not believed to be older than the look that did not see it',
      before: '0:1.0',
      seen: look(9, '1.1', { lastLook: at(5), told: timeline('0:1.0 1:1.1') }),
      want: '0:1.0 5:1.1',
    },
    {
      name: 'a commit is not believed to be younger than now',
      before: '0:1.0',
      seen: look(9, '1.1', { lastLook: at(5), told: timeline('0:1.0 50:1.1') }),
      want: '0:1.0 9:1.1',
    },
    {
      name: 'without a history nobody knows what was between two looks',
      before: '0:1.0',
      seen: look(9, '1.1', { lastLook: at(5) }),
      want: '0:1.0 5:* 9:1.1',
    },
    {
      name: 'nor where history is another one now',
      before: '0:1.0',
      seen: look(9, '1.1', { lastLook: at(5), told: timeline('6:1.1') }),
      want: '0:1.0 5:* 9:1.1',
    },
    {
      name: 'after a restart a change counts from now, and the former image until its commit',
      before: '0:1.0',
      seen: look(9, '1.1', { told: timeline('0:1.0 3:1.1') }),
      want: '0:1.0 3:* 9:1.1',
    },
    {
      name: 'after a restart without a history the former image counts for nothing',
      before: '2:1.0',
      seen: look(9, '1.1'),
      want: '2:1.0 2:* 9:1.1',
    },
  ])('$name', ({ before, seen, want }) => {
    const known = before === undefined ? undefined : timeline(before);
    expect(text(observed(known, seen))).toBe(want);
  });

  it('forgets the beginning of what grows long', () => {
    let known: Timeline | undefined;
    for (let minute = 0; minute < 50; minute += 1) {
      const told = timeline(`${minute - 1}:1.${minute - 1} ${minute}:1.${minute}`);
      known = observed(known, look(minute, `1.${minute}`, { lastLook: at(minute - 1), told }));
    }
    expect(known).toHaveLength(MAX_MOMENTS);
    expect(known?.at(-1)).toEqual({ since: at(49), images: ['1.49'] });
  });
});

describe('for all looks', () => {
  /** Who looks when, at what, and what the commits between say of their time. */
  const someLooks = fc.array(
    fc.record({
      minutes: fc.integer({ min: 1, max: 30 }),
      image: fc.constantFrom('1.0', '1.1', '1.2'),
      dated: fc.option(fc.integer({ min: -500, max: 500 }), { nil: undefined }),
      isRestarted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 20 },
  );

  it('nothing is there before the last look that did not see it, whatever commits say', () => {
    fc.assert(
      fc.property(someLooks, (looks) => {
        let [known, minute, before]: [Timeline | undefined, number, string] = [undefined, 0, ''];
        const seen: { readonly minute: number; readonly image: string }[] = [];
        for (const { minutes, image, dated, isRestarted } of looks) {
          const last = minute;
          minute += minutes;
          const told =
            dated === undefined || before === ''
              ? []
              : [
                  { since: at(-1_000), images: [before] },
                  { since: at(minute + dated), images: [image] },
                ];
          known = observed(known, {
            now: at(minute),
            images: [image],
            told,
            ...(seen.length === 0 || isRestarted ? {} : { lastLook: at(last) }),
          });
          seen.push({ minute, image });
          before = image;
        }
        const moments = known ?? [];
        expect(moments.map(({ since }) => since)).toEqual(
          moments.map(({ since }) => since).toSorted((a, b) => a.getTime() - b.getTime()),
        );
        const { since, images } = moments.at(-1) ?? { since: at(0), images: [] };
        const others = seen.filter((one) => one.image !== images[0]);
        expect(since.getTime()).toBeGreaterThanOrEqual(at(others.at(-1)?.minute ?? 0).getTime());
        expect(since.getTime()).toBeLessThanOrEqual(at(minute).getTime());
      }),
    );
  });
});

describe('locations of several repos', () => {
  it.each([
    { name: 'none', timelines: [], want: '' },
    { name: 'one that is not known', timelines: ['0:1.0', ''], want: '' },
    { name: 'one alone', timelines: ['0:1.0 5:1.1'], want: '0:1.0 5:1.1' },
    { name: 'only from where all are known', timelines: ['0:1.0', '5:1.0'], want: '5:1.0' },
    {
      name: 'all images of all of them',
      timelines: ['0:1.0 10:1.1', '0:1.0 20:1.1'],
      want: '0:1.0 10:1.0,1.1 20:1.1',
    },
    { name: 'changes at once', timelines: ['0:1.0 10:1.1', '0:1.0 10:1.1'], want: '0:1.0 10:1.1' },
    {
      name: 'what nobody saw in one of them',
      timelines: ['0:1.0', '0:1.0 10:* 20:1.0'],
      want: '0:1.0 10:*,1.0 20:1.0',
    },
  ])('are locations like any others: $name', ({ timelines, want }) => {
    expect(text(merged(timelines.map(timeline)))).toBe(want);
  });

  it('may be where there was never a location', () => {
    const nowhere: Timeline = [{ since: new Date(0), images: [] }];
    expect(text(merged([nowhere, timeline('0:1.0')]))).toBe('0:1.0');
    expect(text(merged([nowhere]))).toBe('ever:');
  });
});
