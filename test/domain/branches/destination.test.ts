import { describe, expect, it } from 'vitest';
import { placeText, pushPlan } from '../../../src/domain/branches/destination.ts';
import { automation } from '../../support/builders.ts';

describe('where commits go', () => {
  it.each([
    [{ refspec: 'HEAD:refs/for/main' }, { kind: 'ref', ref: 'refs/for/main' }, undefined],
    [{ refspec: 'main:refs/heads/bot' }, { kind: 'branch', branch: 'bot' }, undefined],
    [{ refspec: 'HEAD:refs/heads/main' }, { kind: 'base' }, undefined],
    [
      { branch: 'bot', refspec: 'refs/heads/bot:refs/for/main' },
      { kind: 'branch', branch: 'bot' },
      'refs/for/main',
    ],
    [
      { branch: 'main', refspec: 'refs/heads/main:refs/heads/copy' },
      { kind: 'base' },
      'refs/heads/copy',
    ],
    [
      { branch: 'bot', refspec: 'bot:refs/heads/bot' },
      { kind: 'branch', branch: 'bot' },
      undefined,
    ],
  ])('by %j', (push, destination, alsoTo) => {
    const plan = pushPlan(automation({ push }), 'main');
    expect([plan.destination, plan.alsoTo]).toEqual([destination, alsoTo]);
  });

  it('may be named by the branch of the automation when another one is read', () => {
    const given = automation({ push: { refspec: 'main:refs/for/x' } });
    expect(pushPlan(given, 'next').destination).toEqual({ kind: 'ref', ref: 'refs/for/x' });
    const { git: _, ...spec } = given.spec;
    const fromSource = { ...given, spec };
    expect(() => pushPlan(fromSource, 'next')).toThrow('begin it with HEAD: or refs/heads/next:');
  });

  it.each([
    ['bot', 'branch bot'],
    ['refs/for/main', 'refs/for/main'],
  ])('is told as people say it: %s', (branch, want) => {
    expect(placeText(branch)).toBe(want);
  });

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
