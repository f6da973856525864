import { describe, expect, it } from 'vitest';
import {
  branchNaming,
  groupBranch,
  groupBranches,
  groupSlug,
} from '../../../src/domain/branches/branch-name.ts';
import { automation } from '../../support/builders.ts';

const naming = (template?: string) =>
  branchNaming(
    automation(
      {
        commit: { values: { cluster: 'prod' } },
        ...(template === undefined
          ? {}
          : { pullRequest: { provider: 'github', branch: template } }),
      },
      'apps/config',
    ),
  );

describe('the branch of a group', () => {
  it.each([
    ['all', undefined, 'lockkeeper/apps-config'],
    ['policy apps/web', undefined, 'lockkeeper/apps-config-web'],
    ['policy other/web', undefined, 'lockkeeper/apps-config-other-web'],
    ['path clusters/prod', undefined, 'lockkeeper/apps-config-clusters-prod'],
    ['all', 'bot/{{ .Automation.Namespace }}/{{ .Automation.Name }}', 'bot/apps/config'],
    ['policy apps/web', ' {{ .Values.cluster }}-{{ .Group | upper }}\n', 'prod-WEB'],
    ['all', 'x-{{ .Group }}', 'x-all'],
  ])('of “%s” by the template %s is %s', (group, template, want) => {
    expect(groupBranch(naming(template), group)).toBe(want);
  });

  it('has no values where the automation gives none', () => {
    expect(branchNaming(automation({}, 'apps/config'))).toEqual({
      automation: { namespace: 'apps', name: 'config' },
      template: undefined,
      values: {},
    });
  });

  it.each([
    ['a space in it', 'is not the name of a branch'],
    ['refs/heads/x', 'is not the name of a branch'],
    ['  ', '"" is not the name of a branch'],
    ['{{ .Grup }}', 'there is no .Grup; there are .Automation, .Group, .Values'],
    ['{{ .Values.none }}', 'there is no such value'],
  ])('is refused for the template “%s”: %s', (template, message) => {
    expect(() => groupBranch(naming(template), 'all')).toThrow(message);
  });

  it('tells groups apart, and from the base', () => {
    const groups = ['policy apps/web', 'policy apps/api'];
    expect(groupBranches(naming(), groups, 'main')).toEqual([
      'lockkeeper/apps-config-web',
      'lockkeeper/apps-config-api',
    ]);
    expect(() => groupBranches(naming('bot'), groups, 'main')).toThrow(
      '“policy apps/web” and “policy apps/api” would both be written to the branch bot; tell them apart by {{ .Group }}',
    );
    expect(() => groupBranches(naming('main'), ['all'], 'main')).toThrow(
      'main is the branch that is read',
    );
  });
});

describe('a group’s part of a name', () => {
  it.each([
    ['all', 'all'],
    ['path .', 'root'],
    ['path clusters/prod-1_a.b', 'clusters-prod-1_a.b'],
    ['path charts/a b', /^charts-a-b-[0-9a-f]{8}$/],
    ['path charts/a+b', /^charts-a-b-[0-9a-f]{8}$/],
    ['path x..y', /^x\.y-[0-9a-f]{8}$/],
    ['path .hidden', /^hidden-[0-9a-f]{8}$/],
    ['path x.lock', /^x-lock-[0-9a-f]{8}$/],
    ['path äöü', /^[0-9a-f]{8}$/],
    [`path ${'a'.repeat(81)}`, /^a{80}-[0-9a-f]{8}$/],
  ])('of “%s” is %s', (group, want) => {
    const slug = groupSlug(group, 'apps');
    if (typeof want === 'string') expect(slug).toBe(want);
    else expect(slug).toMatch(want);
  });

  it('differs for names that differ in what cannot stand there', () => {
    expect(groupSlug('path a b', 'apps')).not.toBe(groupSlug('path a+b', 'apps'));
  });
});
