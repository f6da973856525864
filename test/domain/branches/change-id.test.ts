import { describe, expect, it } from 'vitest';
import { reviewTrailers } from '../../../src/domain/branches/change-id.ts';
import type { Change } from '../../../src/domain/plan/update-plan.ts';

const change: Change = {
  policy: 'apps/web',
  image: 'web',
  from: '1.0.0',
  to: '1.1.0',
  path: 'web.yaml',
  line: 3,
  locked: false,
  fields: [],
};

describe('what a commit for review says besides', () => {
  const trailersOf = (changes: readonly Change[], name = 'all', automation = 'apps/config') =>
    reviewTrailers(automation, 'refs/for/main%topic=x')({ name, changes });

  it('is a Change-Id, the same for the same steps', () => {
    const { from: _, ...fresh } = change;
    const [trailer, ...more] = trailersOf([change]);
    expect([trailer, more]).toEqual([expect.stringMatching(/^Change-Id: I[0-9a-f]{40}$/), []]);
    expect(trailersOf([{ ...change, line: 7 }])).toEqual([trailer]);
    const others = [
      trailersOf([{ ...change, to: '1.2.0' }]),
      trailersOf([{ ...change, from: '1.0.1' }]),
      trailersOf([fresh]),
      trailersOf([change], 'policy apps/web'),
      trailersOf([change], 'all', 'apps/other'),
    ];
    expect(new Set([trailer, ...others.flat()]).size).toBe(6);
  });

  it.each([undefined, 'refs/heads/copy'])('is nothing for %s', (ref) => {
    expect(reviewTrailers('apps/config', ref)({ name: 'all', changes: [change] })).toEqual([]);
  });
});
