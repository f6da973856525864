import { describe, expect, it } from 'vitest';
import { checkMeaning } from '../../../src/domain/resources/check-meaning.ts';
import { automation, complaints } from './resource-text.ts';

function faults(kind: string, spec: unknown): readonly string[] {
  return checkMeaning(kind, spec).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('what no schema can say of a policy', () => {
  it.each([
    {
      name: 'text is taken out of a tag that is not ordered by it',
      spec: { policy: { newest: {} }, filterTags: { pattern: '^(.*)$', extract: '$1' } },
      want: [
        'spec.filterTags.extract: policy.newest orders by build time and takes nothing out of the tag; leave extract out',
      ],
    },
    {
      name: 'an age is no duration',
      spec: { minimumAge: 'long' },
      want: [expect.stringMatching(/^spec\.minimumAge: /)],
    },
    {
      name: 'a soak is no duration',
      spec: { promoteFrom: { soak: 'long' } },
      want: [expect.stringMatching(/^spec\.promoteFrom\.soak: /)],
    },
    {
      name: 'an identity looks around',
      spec: { verify: { cosign: { matchOIDCIdentity: [{ issuer: '^(?!a)', subject: 'b' }] } } },
      want: [
        'spec.verify.cosign.matchOIDCIdentity.0.issuer: "^(?!a)" uses look-around "(?!", which RE2 does not have',
      ],
    },
    {
      name: 'a filter looks around',
      spec: { filterTags: { pattern: '^(?!a)' } },
      want: [expect.stringMatching(/use filterTags\.exclude to leave tags out$/)],
    },
    { name: 'all is well', spec: { minimumAge: '24h', promoteFrom: { soak: '1h' } }, want: [] },
    { name: 'types are wrong, which a schema says', spec: { minimumAge: 5, image: [] }, want: [] },
  ])('is told where $name', ({ spec, want }) => {
    expect(faults('ImagePolicy', spec)).toEqual(want);
  });
});

describe('what no schema can say of an automation', () => {
  it.each([
    { values: { cluster: 'prod' }, want: [] },
    { values: { cluster: 5 }, want: [expect.stringContaining('there is no such value')] },
    { values: null, want: [expect.stringContaining('there is no such value')] },
    { values: 'prod', want: [expect.stringContaining('there is no such value')] },
  ])('is told of a template over the values $values', ({ values, want }) => {
    const commit = { messageTemplate: '{{ .Values.cluster }}', values };
    expect(faults('ImageUpdateAutomation', { commit })).toEqual(want);
  });
});

describe('a batch window', () => {
  it.each([
    { batchWindow: '500ms', want: ['spec.batchWindow: must be at least 1s'] },
    { batchWindow: '1s', want: [] },
    { batchWindow: '24h', want: [] },
    {
      batchWindow: '24h1s',
      want: ['spec.batchWindow: must be at most 24h; spec.windows are for longer waits'],
    },
  ])('of $batchWindow: $want', ({ batchWindow, want }) => {
    expect(faults('ImageUpdateAutomation', { batchWindow })).toEqual(want);
  });
});

it('of other kinds there is nothing to say', () => {
  expect(faults('ConfigMap', { image: 'UPPER' })).toEqual([]);
});

describe('a provider of logins', () => {
  it.each([
    [
      'that the repo is not at',
      automation('    provider: azure'),
      'a.yaml:7:15: spec.git.provider: azure gives logins for https://dev.azure.com/… and https://ORGANISATION.visualstudio.com/… alone; url names another',
    ],
    [
      'without what it takes',
      automation('    provider: github'),
      'a.yaml:7:15: spec.git.provider: github takes a GitHub App from a Secret: name it in secretRef',
    ],
    [
      'with an address that is none, which is told by itself',
      automation('    provider: azure').replace(/url: .*/, 'url: ftp://x'),
      'a.yaml:6:10: spec.git.url: must be https://…, http://…, ssh://…, file://…, git@host:path or an absolute path',
    ],
    [
      'without an address, which is told by itself',
      automation('    provider: azure').replace(/ +url: .*\n/, ''),
      'a.yaml:5:3: spec.git.url: required, but not given',
    ],
  ])('%s is told where it stands', (_, text, want) => {
    expect(complaints(text)).toEqual([want]);
  });

  it.each([
    automation('    provider: generic'),
    automation('    provider: github\n    secretRef: { name: app }'),
    automation('    provider: azure').replace(/url: .*/, 'url: https://dev.azure.com/o/p/_git/r'),
  ])('that goes with the repo is fine: %#', (text) => {
    expect(complaints(text)).toEqual([]);
  });
});
