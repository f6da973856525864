import { describe, expect, it } from 'vitest';
import type { ImagePolicy } from '../../../src/api/image-policy.ts';
import { policyKey } from '../../../src/domain/plan/policy-view.ts';
import {
  promotionFault,
  promotionFindings,
} from '../../../src/domain/promotion/promotion-fault.ts';
import { policy } from '../../support/builders.ts';

/** `prod<-staging` is a policy `apps/prod` that follows `staging`; a policy of another namespace has it before its name. */
function policies(...texts: readonly string[]) {
  return new Map(
    texts.map((text) => {
      const [name = '', followed = ''] = text.split('<-');
      const [other, namespace] = followed.split('/').toReversed();
      const promoteFrom = {
        policy: followed,
        ...(other && namespace ? { policy: other, namespace } : {}),
      };
      const key = name.includes('/') ? name : `apps/${name}`;
      return [key, policy(followed === '' ? {} : { promoteFrom }, key)] as const;
    }),
  );
}

const worldOf = (all: ReadonlyMap<string, ImagePolicy>) => ({
  policies: all,
  known: new Set(all.keys()),
});

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
    {
      name: 'a policy of another namespace that is not there, and those that are there are not told',
      all: ['prod<-staging/we', 'staging/web', 'we'],
      want: 'spec.promoteFrom.policy: there is no ImagePolicy staging/we',
    },
    {
      name: 'a policy of another namespace that grants no access',
      all: ['prod<-staging/web', 'staging/web'],
      want: 'ImagePolicy staging/web exists, but grants namespace apps no access; add that namespace to its spec.accessFrom',
    },
    {
      name: 'none with its own namespace',
      all: ['prod<-apps/staging', 'staging'],
      want: undefined,
    },
    {
      name: 'itself',
      all: ['prod<-prod', 'staging/prod'],
      want: 'spec.promoteFrom.policy: this is the policy itself; name the one that is to run a tag first, with its namespace where that is another',
    },
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
    expect(promotionFault(first, worldOf(policies(...all)))).toBe(want);
  });

  it('is none where the policy is known and cannot be used', () => {
    const all = policies('prod<-staging');
    const [prod = policy()] = all.values();
    expect(
      promotionFault(prod, { policies: all, known: new Set([policyKey(prod), 'apps/staging']) }),
    ).toBeUndefined();
  });

  it.each([
    {
      name: 'the namespace by its name',
      labels: { 'kubernetes.io/metadata.name': 'apps' },
      want: undefined,
    },
    {
      name: 'others by their names',
      labels: { 'kubernetes.io/metadata.name': 'web' },
      want: /no access/,
    },
    { name: 'by labels, which others know', labels: { tenant: 'trusted' }, want: undefined },
  ])('is looked for where the policy grants access to $name', ({ labels, want }) => {
    const accessFrom = { namespaceSelectors: [{ matchLabels: labels }] };
    const all = policies('prod<-staging/web');
    const [prod = policy()] = all.values();
    const granting = policy({ accessFrom }, 'staging/web');
    const fault = promotionFault(prod, worldOf(new Map([...all, ['staging/web', granting]])));
    if (want === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(want);
  });

  it('is a circle over namespaces, too', () => {
    const accessFrom = { namespaceSelectors: [{}] };
    const follow = (namespace: string) => ({
      accessFrom,
      promoteFrom: { policy: 'web', namespace },
    });
    const all = new Map(
      (['prod', 'staging'] as const).map((own) => {
        const other = own === 'prod' ? 'staging' : 'prod';
        return [`${own}/web`, policy(follow(other), `${own}/web`)] as const;
      }),
    );
    const [prod = policy()] = all.values();
    expect(promotionFault(prod, worldOf(all))).toBe(
      circle('prod/web from staging/web from prod/web'),
    );
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
