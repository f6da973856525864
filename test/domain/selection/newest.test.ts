import { describe, expect, it } from 'vitest';
import type { BuildTime } from '../../../src/domain/image/build-time.ts';
import { createSelector } from '../../../src/domain/selection/create-selector.ts';
import { filteredTags } from '../../../src/domain/selection/tag-filter.ts';

const now = new Date('2026-06-01T12:00:00Z');

function select(times: Readonly<Record<string, BuildTime>>) {
  const byTag = new Map(Object.entries(times));
  return createSelector({ policy: { newest: {} } }, { byTag, now });
}

describe('the newest image', () => {
  it('is the one with the latest build time, whatever its tag', () => {
    const selector = select({ b: 1_000, a: 3_000, c: 2_000, d: 'absent' });
    expect(selector.select(['b', 'a', 'c', 'd'])).toMatchObject({ kind: 'selected', tag: 'a' });
    expect(selector.explain(['a', 'd', 'e']).verdicts.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('the image with the latest build time'),
      'does not say when it was built',
      'has a build time that is not known',
    ]);
  });
});

describe('the tags whose images are asked about', () => {
  it('are those that the filter lets through', () => {
    const tags = ['main-1', 'main-2-rc', 'dev-1', 'no tag', `sha256-${'a'.repeat(64)}.sig`];
    expect(filteredTags({ pattern: '^main-', exclude: ['rc$'] }, tags)).toEqual(['main-1']);
    expect(filteredTags(undefined, tags)).toEqual(['main-1', 'main-2-rc', 'dev-1']);
  });
});
