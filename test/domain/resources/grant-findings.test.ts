import { describe, expect, it } from 'vitest';
import { locateFields } from '../../../src/domain/manifest/locate-fields.ts';
import { grantFindings } from '../../../src/domain/resources/grant-findings.ts';
import { mergeResources, NO_RESOURCES } from '../../../src/domain/resources/merge-resources.ts';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import { automationText, deploymentText, policyText, PODINFO } from '../../support/texts.ts';

/** What is said of the marker `apps:podinfo` in `apps/web.yaml`, given these resources. */
function said(...resources: readonly string[]): readonly string[] {
  const parsed = resources.map((text, index) => parseResources(`r${index}.yaml`, text));
  const merged = mergeResources(NO_RESOURCES, parsed);
  expect(merged.findings).toEqual([]);
  const { fields } = locateFields('apps/web.yaml', deploymentText(), 'Setters');
  return grantFindings(fields, merged).map(({ severity, at, message }) => {
    return `${severity} ${at?.path}:${at?.line} ${message}`;
  });
}

const policy = (...accessFrom: readonly string[]) => policyText('podinfo', PODINFO, ...accessFrom);
const automation = (namespace: string, ...spec: readonly string[]) =>
  automationText(`of-${namespace}`, ...spec).replace('namespace: apps', `namespace: ${namespace}`);
const byName = (name: string) =>
  `accessFrom: {namespaceSelectors: [{matchLabels: {kubernetes.io/metadata.name: ${name}}}]}`;
const refused = (namespace: string) =>
  `warning apps/web.yaml:11 ImagePolicy apps/podinfo exists, but grants namespace ${namespace} no access; add that namespace to its spec.accessFrom`;

describe('a marker for a policy of another namespace', () => {
  it.each([
    { name: 'grants nobody anything', spec: [] },
    { name: 'grants another namespace', spec: [byName('web')] },
    { name: 'has an empty list', spec: ['accessFrom: {namespaceSelectors: []}'] },
  ])('is told of where the policy $name', ({ spec }) => {
    expect(said(policy(...spec), automation('fleet'))).toEqual([refused('fleet')]);
  });

  it.each([
    { name: 'is granted by name', spec: [byName('fleet')] },
    {
      name: 'may be granted by labels, which only a cluster knows',
      spec: ['accessFrom: {namespaceSelectors: [{matchLabels: {team: a}}]}'],
    },
    { name: 'is granted to all', spec: ['accessFrom: {namespaceSelectors: [{matchLabels: {}}]}'] },
  ])('is not told of where it $name', ({ spec }) => {
    expect(said(policy(...spec), automation('fleet'))).toEqual([]);
  });

  it.each([
    { name: 'nobody looks at the file', automations: [] },
    {
      name: 'nobody else looks at the file',
      automations: [automation('fleet', 'update: {paths: [infra]}')],
    },
    {
      name: 'one of its own namespace follows it, too',
      automations: [automation('fleet'), automation('apps')],
    },
    {
      name: 'only its own namespace looks at it, and selects others',
      automations: [automation('apps', 'policySelector: {matchLabels: {a: b}}')],
    },
  ])('is not told of where $name', ({ automations }) => {
    expect(said(policy(), ...automations)).toEqual([]);
  });

  it('is told of once where several may not, as of the first of them', () => {
    const own = automation('apps', 'policySelector: {matchLabels: {a: b}}');
    expect(said(policy(), own, automation('web'), automation('fleet'))).toEqual([refused('fleet')]);
  });

  it('is not told of where there is no such policy: that is told elsewhere', () => {
    expect(said(policyText('other'), automation('fleet'))).toEqual([]);
  });
});
