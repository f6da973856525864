import { describe, expect, it } from 'vitest';
import { MAX_DEPLOYED } from '../../../src/api/image-policy-status.ts';
import {
  keptBeside,
  keptTimelines,
  readTimelines,
  type PlacedTimeline,
} from '../../../src/domain/promotion/kept-timelines.ts';

const at = (second: number) => new Date(Date.UTC(2026, 5, 2, 12, 0, 0) + second * 1_000);
const placed = (automation: string, seconds: readonly number[]): PlacedTimeline => ({
  automation,
  repo: 'r1',
  timeline: seconds.map((second) => ({ since: at(second), images: [`1.0.${second}`] })),
});

describe('timelines in status', () => {
  it('are read as they were kept, in the order of their automations', () => {
    const [a, b] = [placed('apps/a', [0, 5]), placed('apps/b', [3])];
    expect(readTimelines(keptTimelines([b, a]))).toEqual([a, b]);
  });

  it('are none where there are none', () => {
    expect([keptTimelines([]), readTimelines(undefined)]).toEqual([[], []]);
  });

  it('round times up, so that nothing has soaked sooner after a restart', () => {
    expect(keptTimelines([placed('apps/a', [0.001])])).toEqual([
      { automation: 'apps/a', repo: 'r1', since: '2026-06-02T12:00:01Z', images: ['1.0.0.001'] },
    ]);
  });

  it('leave out where nothing ever was', () => {
    const nowhere = { automation: 'apps/a', repo: 'r1', timeline: [{ since: at(0), images: [] }] };
    expect(keptTimelines([nowhere])).toEqual([]);
  });

  it('tell repos of one automation apart', () => {
    const [old, now] = [placed('apps/a', [0]), { ...placed('apps/a', [9]), repo: 'r2' }];
    expect(readTimelines(keptTimelines([old, now]))).toEqual([old, now]);
  });

  it('are cut to what the schema takes, each to its latest part', () => {
    const seconds = Array.from({ length: 40 }, (_, second) => second);
    const names = ['a', 'b', 'c', 'd'].map((name) => `apps/${name}`);
    const kept = keptTimelines(names.map((name) => placed(name, seconds)));
    expect(kept).toHaveLength(MAX_DEPLOYED);
    expect(readTimelines(kept).map(({ timeline }) => timeline.length)).toEqual([16, 16, 16, 16]);
    expect(readTimelines(kept)[0]?.timeline.at(-1)?.since).toEqual(at(39));
    const many = Array.from({ length: MAX_DEPLOYED + 1 }, (_, index) => `apps/a${index}`);
    expect(keptTimelines(many.map((name) => placed(name, seconds)))).toHaveLength(MAX_DEPLOYED);
  });
});

describe('what was kept of places that were not looked at yet', () => {
  const previous = keptTimelines([placed('apps/a', [0]), placed('apps/b', [1])]);
  const seen = placed('apps/a', [0, 9]);

  it.each([
    { name: 'stays', isOpen: (name: string) => name === 'apps/b', want: ['apps/a', 'apps/b'] },
    { name: 'goes where nobody will look', isOpen: () => false, want: ['apps/a'] },
  ])('$name', ({ isOpen, want }) => {
    const kept = keptBeside(previous, [seen], isOpen) ?? [];
    expect(readTimelines(kept).map(({ automation }) => automation)).toEqual(want);
    expect(readTimelines(kept)[0]).toEqual(seen);
  });

  it('is nothing where nothing is left', () => {
    expect(keptBeside(previous, [], () => false)).toBeUndefined();
  });
});
