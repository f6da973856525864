import { describe, expect, it } from 'vitest';
import {
  followedPolicies,
  followedPolicy,
} from '../../../src/domain/promotion/promotion-source.ts';
import { policy } from '../../support/builders.ts';

describe('the policy that another one follows', () => {
  it.each([
    {
      name: 'is one of the same namespace',
      promoteFrom: { policy: 'staging' },
      want: 'apps/staging',
    },
    {
      name: 'is one of the namespace that is named',
      promoteFrom: { policy: 'web', namespace: 'staging' },
      want: 'staging/web',
    },
    { name: 'is none without promoteFrom', promoteFrom: undefined, want: undefined },
  ])('$name', ({ promoteFrom, want }) => {
    expect(followedPolicy(policy(promoteFrom === undefined ? {} : { promoteFrom }))).toBe(want);
  });
});

describe('the policies that others are promoted from', () => {
  it('are each known with the longest soak that is asked of it', () => {
    const all = [
      policy({ promoteFrom: { policy: 'staging', soak: '30m' } }, 'apps/a'),
      policy({ promoteFrom: { policy: 'staging', soak: '1h' } }, 'apps/b'),
      policy({ promoteFrom: { policy: 'staging' } }, 'apps/c'),
      policy({ promoteFrom: { policy: 'dev' } }, 'apps/staging'),
      policy({}, 'apps/dev'),
    ];
    expect([...followedPolicies(all)]).toEqual([
      ['apps/staging', 3_600_000],
      ['apps/dev', 0],
    ]);
  });
});
