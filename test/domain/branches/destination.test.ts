import { describe, expect, it } from 'vitest';
import { pushPlan } from '../../../src/domain/branches/destination.ts';
import { automation } from '../../support/builders.ts';

describe('where commits go', () => {
  it.each([
    ['without an automation', undefined, { kind: 'base' }],
    ['by default', automation(), { kind: 'base' }],
    [
      'by the name of the branch itself',
      automation({ push: { branch: 'main' } }),
      { kind: 'base' },
    ],
    ['elsewhere', automation({ push: { branch: 'bot' } }), { kind: 'branch', branch: 'bot' }],
    [
      'as pull requests',
      automation({ pullRequest: { provider: 'gitea' } }),
      { kind: 'groups', naming: { automation: { namespace: 'apps', name: 'update' }, values: {} } },
    ],
  ])('%s', (_, given, want) => {
    expect(pushPlan(given, 'main').destination).toEqual(want);
  });

  it('says options as the protocol has them', () => {
    const push = { options: { 'ci.skip': '', 'merge_request.title': 'a = b' } };
    expect(pushPlan(automation({ push }), 'main').options).toEqual([
      'ci.skip',
      'merge_request.title=a = b',
    ]);
  });
});
