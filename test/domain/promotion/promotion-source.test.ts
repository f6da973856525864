import { describe, expect, it } from 'vitest';
import {
  followedPolicies,
  followedPolicy,
} from '../../../src/domain/promotion/promotion-source.ts';
import { policy } from '../../support/builders.ts';

/** `prod<-staging` is a policy `apps/prod` that follows `staging`. */
function policies(...texts: readonly string[]) {
  return new Map(
    texts.map((text) => {
      const [name = '', followed] = text.split('<-');
      const spec = followed === undefined ? {} : { promoteFrom: { policy: followed } };
      const key = name.includes('/') ? name : `apps/${name}`;
      return [key, policy(spec, key)] as const;
    }),
  );
}

describe('the policy that another one follows', () => {
  it.each([
    { name: 'is one of the same namespace', of: 'prod<-staging', want: 'apps/staging' },
    { name: 'is none without promoteFrom', of: 'staging', want: undefined },
  ])('$name', ({ of, want }) => {
    expect([...policies(of).values()].map(followedPolicy)).toEqual([want]);
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
