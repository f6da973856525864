import { describe, expect, it } from 'vitest';
import {
  grantingPolicies,
  mergeResources,
  NO_RESOURCES,
  policiesOf,
} from '../../../src/domain/resources/merge-resources.ts';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import { automation as automationOf, policy as policyOf } from '../../support/builders.ts';

const policy = (name: string, image: string, meta = '') => `---
apiVersion: lockkeeper.dev/v1alpha1
kind: ImagePolicy
metadata: { name: ${name}${meta} }
spec: { image: r.io/${image}, policy: { alphabetical: {} } }
`;
const automation = (selector: string, namespace = 'default') => `---
apiVersion: lockkeeper.dev/v1alpha1
kind: ImageUpdateAutomation
metadata: { name: apps, namespace: ${namespace} }
spec: { git: { url: /srv/config.git }${selector} }
`;

describe('mergeResources', () => {
  it('gathers the resources and findings of all files', () => {
    const merged = mergeResources(NO_RESOURCES, [
      parseResources('a.yaml', policy('one', 'a') + automation('')),
      parseResources('b.yaml', policy('one', 'b', ', namespace: other')),
      parseResources('c.yaml', policy('bad', 'UPPER')),
    ]);
    expect([...merged.policies.keys()]).toEqual(['default/one', 'other/one']);
    expect([...merged.automations.keys()]).toEqual(['default/apps']);
    expect(merged.findings.map(({ at }) => at?.path)).toEqual(['c.yaml']);
  });

  it('reports a name that is defined twice, with both places', () => {
    const { findings, policies } = mergeResources(NO_RESOURCES, [
      parseResources('b.yaml', policy('one', 'b')),
      parseResources('a.yaml', policy('two', 'c') + policy('one', 'a')),
    ]);
    expect(findings).toEqual([
      {
        severity: 'error',
        code: 'resource/invalid',
        message:
          'ImagePolicy default/one is defined twice: b.yaml:2 and a.yaml:7; remove one of them, or give only the folder of the one that counts',
        at: { path: 'a.yaml', line: 7, column: 1 },
      },
    ]);
    expect(policies.get('default/one')?.spec.image).toBe('r.io/b');
  });

  it('reports the same of objects of a cluster, whose places have no lines', () => {
    const twice = { ...policyOf(), at: { path: 'ImagePolicy apps/podinfo' } };
    const { findings } = mergeResources(NO_RESOURCES, [
      { policies: [twice, twice], receivers: [], automations: [], findings: [] },
    ]);
    expect(findings.map(({ message }) => message)).toEqual([
      'ImagePolicy apps/podinfo is defined twice: ImagePolicy apps/podinfo and ImagePolicy apps/podinfo; remove one of them, or give only the folder of the one that counts',
    ]);
  });

  it('lets files win over the base without a word', () => {
    const base = mergeResources(NO_RESOURCES, [
      parseResources('base.yaml', policy('one', 'old') + policy('two', 'kept')),
    ]);
    const merged = mergeResources(base, [parseResources('a.yaml', policy('one', 'new'))]);
    expect(merged.findings).toEqual([]);
    expect([...merged.policies.values()].map(({ spec }) => spec.image)).toEqual([
      'r.io/new',
      'r.io/kept',
    ]);
  });
});

describe('policiesOf', () => {
  const files = [
    policy('web', 'web', ', labels: { team: a, tier: web }'),
    policy('db', 'db', ', labels: { team: b }'),
    policy('plain', 'plain'),
    policy('web', 'web', ', namespace: other, labels: { team: a }'),
  ];
  const namesFor = (selector: string, namespace?: string) => {
    const resources = mergeResources(NO_RESOURCES, [
      parseResources('a.yaml', files.join('') + automation(selector, namespace)),
    ]);
    expect(resources.findings).toEqual([]);
    const [only] = resources.automations.values();
    return policiesOf(only!, resources).map(({ metadata }) => metadata.name);
  };
  const expressions = (...list: string[]) =>
    `, policySelector: { matchExpressions: [${list.join(', ')}] }`;

  it.each([
    ['no selector', '', ['web', 'db', 'plain']],
    ['an empty selector', ', policySelector: {}', ['web', 'db', 'plain']],
    ['a label', ', policySelector: { matchLabels: { team: a } }', ['web']],
    [
      'two labels of which one differs',
      ', policySelector: { matchLabels: { team: a, tier: db } }',
      [],
    ],
    ['a label that only objects have', ', policySelector: { matchLabels: { constructor: x } }', []],
    ['In', expressions('{ key: team, operator: In, values: [a, b] }'), ['web', 'db']],
    ['NotIn', expressions('{ key: team, operator: NotIn, values: [a] }'), ['db', 'plain']],
    ['Exists', expressions('{ key: tier, operator: Exists }'), ['web']],
    ['DoesNotExist', expressions('{ key: team, operator: DoesNotExist }'), ['plain']],
    [
      'two expressions',
      expressions('{ key: team, operator: Exists }', '{ key: tier, operator: DoesNotExist }'),
      ['db'],
    ],
  ])('by %s', (_, selector, want) => {
    expect(namesFor(selector)).toEqual(want);
  });

  it('stays within the namespace of the automation', () => {
    expect(namesFor('', 'other')).toEqual(['web']);
    expect(namesFor('', 'empty')).toEqual([]);
  });
});

describe('grantingPolicies', () => {
  it('are those of other namespaces that grant access to anyone', () => {
    const accessFrom = { namespaceSelectors: [{}] };
    const policies = [
      policyOf({ accessFrom }, 'shared/open'),
      policyOf({}, 'shared/closed'),
      policyOf({ accessFrom }, 'apps/own'),
    ].map((policy) => ({ ...policy, at: { path: 'a.yaml' } }));
    const { policies: all } = mergeResources(NO_RESOURCES, [
      { policies, receivers: [], automations: [], findings: [] },
    ]);
    const found = grantingPolicies(automationOf({}, 'apps/update'), {
      ...NO_RESOURCES,
      policies: all,
    });
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['open']);
  });
});
