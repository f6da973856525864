import { describe, expect, it } from 'vitest';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';

const parse = (...spec: readonly string[]) =>
  parseResources(
    'a.yaml',
    [
      'apiVersion: lockkeeper.dev/v1alpha1',
      'kind: ImageReceiver',
      'metadata:',
      '  name: hub',
      'spec:',
      ...spec.map((line) => `  ${line}`),
      '',
    ].join('\n'),
  );

describe('an ImageReceiver', () => {
  it('has defaults', () => {
    const { receivers, findings } = parse('type: quay', 'secretRef: {name: t}');
    expect(findings).toEqual([]);
    expect(receivers).toMatchObject([
      {
        kind: 'ImageReceiver',
        metadata: { namespace: 'default', name: 'hub', labels: {} },
        spec: { type: 'quay', secretRef: { name: 't' }, suspend: false },
        at: { path: 'a.yaml', line: 1 },
      },
    ]);
  });

  it('of Artifact Registry says whose tokens count', () => {
    const identity = 'identity: {audience: https://a.example, email: a@b.example}';
    const { receivers } = parse('type: artifactregistry', 'secretRef: {name: t}', identity);
    expect(receivers).toHaveLength(1);
  });

  it.each([
    [['type: quay'], 'spec.secretRef: required, but not given'],
    [['secretRef: {name: t}'], 'spec.type: required, but not given'],
    [['type: quay', 'secretRef: {name: t}', 'secret: x'], 'spec.secret: unknown field'],
    [
      ['type: artifactregistry', 'secretRef: {name: t}'],
      'spec: identity is for type artifactregistry, which needs it',
    ],
    [
      ['type: quay', 'secretRef: {name: t}', 'identity: {audience: a, email: a@b}'],
      'spec: identity is for type artifactregistry, which needs it',
    ],
  ])('with %o is refused: %s', (spec, message) => {
    const { receivers, findings } = parse(...spec);
    expect(receivers).toEqual([]);
    expect(findings.map((finding) => finding.message).join('\n')).toContain(message);
  });
});
