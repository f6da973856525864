import { describe, expect, it } from 'vitest';
import { policyKey } from '../../../src/domain/plan/policy-view.ts';
import {
  promotionFault,
  promotionFindings,
} from '../../../src/domain/promotion/promotion-fault.ts';
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

describe('the fault of promoteFrom', () => {
  const circle = (way: string) =>
    `spec.promoteFrom.policy: promotes in a circle (${way}), so that nothing new could come in; one of them has to follow none`;

  it.each([
    { name: 'none without it', all: ['prod'], want: undefined },
    { name: 'none in a chain', all: ['prod<-staging', 'staging<-dev', 'dev'], want: undefined },
    {
      name: 'a policy that is not there',
      all: ['prod<-staging', 'other/staging'],
      want: 'spec.promoteFrom.policy: there is no ImagePolicy apps/staging',
    },
    {
      name: 'a name that is misspelt',
      all: ['prod<-stagin', 'staging'],
      want: 'spec.promoteFrom.policy: there is no ImagePolicy apps/stagin; did you mean staging?',
    },
    { name: 'itself', all: ['prod<-prod'], want: circle('apps/prod from apps/prod') },
    {
      name: 'a circle',
      all: ['prod<-staging', 'staging<-dev', 'dev<-prod'],
      want: circle('apps/prod from apps/staging from apps/dev from apps/prod'),
    },
    {
      name: 'none where others further on are in a circle',
      all: ['prod<-a', 'a<-b', 'b<-a'],
      want: undefined,
    },
    {
      name: 'none where a policy further on is not there',
      all: ['prod<-staging', 'staging<-dev'],
      want: undefined,
    },
  ])('is $name', ({ all, want }) => {
    const [[, first] = [undefined, policy()]] = [...policies(...all)];
    expect(promotionFault(first, policies(...all))).toBe(want);
  });

  it('is none where the policy is known and cannot be used', () => {
    const all = policies('prod<-staging');
    const [prod = policy()] = all.values();
    expect(promotionFault(prod, all, new Set([policyKey(prod), 'apps/staging']))).toBeUndefined();
  });

  it('is told at the place of the policy, where it has one', () => {
    const all = new Map(
      [...policies('prod<-staging', 'qa<-staging', 'dev')].map(
        ([key, one]) =>
          [
            key,
            key === 'apps/prod' ? { ...one, at: { path: 'prod.yaml', line: 4 } } : one,
          ] as const,
      ),
    );
    const message = (name: string) =>
      `ImagePolicy apps/${name}: spec.promoteFrom.policy: there is no ImagePolicy apps/staging`;
    expect(promotionFindings(all)).toEqual([
      {
        severity: 'error',
        code: 'policy/failed',
        message: message('prod'),
        at: { path: 'prod.yaml', line: 4 },
      },
      { severity: 'error', code: 'policy/failed', message: message('qa') },
    ]);
  });
});
