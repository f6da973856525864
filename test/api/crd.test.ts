import { describe, expect, it } from 'vitest';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { StructuralSchema } from '../../src/api/structural-schema.ts';

/** Every schema node below a root, with the path that leads to it. */
function* nodes(schema: StructuralSchema, path: string): Generator<[string, StructuralSchema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* nodes(property, `${path}.${name}`);
  if (schema.items !== undefined) yield* nodes(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined)
    yield* nodes(schema.additionalProperties, `${path}.*`);
}

const definitions = customResourceDefinitions();
const roots = definitions.map((definition) => {
  const [version] = definition.spec.versions;
  return [definition.spec.names.kind, version!.schema.openAPIV3Schema] as const;
});
const all = roots.flatMap(([kind, root]) => [...nodes(root, kind)]);

/** Does a default satisfy its schema? Covers what our defaults use. */
function accepts(schema: StructuralSchema, value: unknown): boolean {
  if (schema.enum !== undefined) return schema.enum.includes(value);
  if (schema.type === 'string')
    return (
      typeof value === 'string' &&
      value.length <= (schema.maxLength ?? Infinity) &&
      (schema.pattern === undefined || new RegExp(schema.pattern).test(value))
    );
  return typeof value === schema.type;
}

describe('customResourceDefinitions', () => {
  it('defines the kinds in order of name', () => {
    expect(definitions.map(({ metadata }) => metadata.name)).toEqual([
      'imagepolicies.lockkeeper.dev',
      'imagereceivers.lockkeeper.dev',
      'imageupdateautomations.lockkeeper.dev',
    ]);
  });

  it('walks a whole schema, not a stub', () => {
    const paths = new Set(all.map(([path]) => path));
    expect(paths.size).toBeGreaterThan(150);
    expect(paths).toContain('ImagePolicy.spec.policy.semver.range');
    expect(paths).toContain('ImageUpdateAutomation.spec.windows.deny[].timeZone');
    expect(paths).toContain('ImagePolicy.status.conditions[].lastTransitionTime');
  });

  it.each(roots)('%s has apiVersion, kind, a bare metadata, spec and status', (_, root) => {
    expect(Object.keys(root.properties ?? {})).toEqual([
      'apiVersion',
      'kind',
      'metadata',
      'spec',
      'status',
    ]);
    expect(root.properties?.['metadata']).toEqual({ type: 'object' });
    expect(root.required).toEqual(['spec']);
  });

  it.each(all)('%s obeys the rules of structural schemas', (path, schema) => {
    expect(schema.type).toMatch(/^(object|array|string|integer|boolean)$/);
    for (const banned of ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'nullable', '$schema'])
      expect(schema).not.toHaveProperty(banned);
    expect(schema.properties !== undefined && schema.additionalProperties !== undefined).toBe(
      false,
    );
    if (schema.type === 'array') expect(schema.items).toBeDefined();
    for (const name of schema.required ?? []) {
      expect(schema.properties).toHaveProperty([name]);
      expect(schema.properties?.[name], `${path}.${name}`).not.toHaveProperty('default');
    }
    if (schema.default !== undefined) expect(accepts(schema, schema.default)).toBe(true);
  });

  it.each(all)('%s is bounded, so that CEL costs can be estimated', (path, schema) => {
    if (/\.(apiVersion|kind|metadata)$/.test(path) && path.split('.').length === 2) return;
    if (schema.type === 'string')
      expect(schema.maxLength ?? schema.enum?.length, 'maxLength').toBeGreaterThan(0);
    if (schema.type === 'array') expect(schema.maxItems, 'maxItems').toBeGreaterThan(0);
    if (schema.additionalProperties !== undefined)
      expect(schema.maxProperties, 'maxProperties').toBeGreaterThan(0);
    if (schema.type === 'integer') {
      expect(schema.minimum).toBeDefined();
      expect(schema.maximum).toBeDefined();
    }
  });

  it.each(all.filter(([path]) => !/(\[\]|\.\*|\.metadata)$/.test(path)))(
    '%s has a description of one line',
    (_, schema) => {
      expect(schema.description).toMatch(/^[A-Z][^\n]*\.$/);
    },
  );

  it.each(all.filter(([, schema]) => schema.pattern !== undefined))(
    '%s has an anchored pattern that RE2 takes too',
    (_, schema) => {
      expect(schema.pattern).toMatch(/^\^.*\$$/);
      expect(schema.pattern).not.toMatch(/\(\?[=!<]|\\[1-9dDsSwWbB]/);
    },
  );

  it('says cross-field rules for the API server in CEL', () => {
    const rules = all.flatMap(([path, schema]) =>
      (schema['x-kubernetes-validations'] ?? []).map((rule) => [
        path,
        (rule as { rule: string }).rule,
      ]),
    );
    expect(rules).toEqual([
      [
        'ImagePolicy.spec',
        "!(has(self.policy.digest) && has(self.digestReflectionPolicy) && self.digestReflectionPolicy == 'IfNotPresent')",
      ],
      [
        'ImagePolicy.spec.policy',
        '[has(self.semver), has(self.numerical), has(self.alphabetical), has(self.newest), has(self.digest)].exists_one(x, x)',
      ],
      ['ImagePolicy.spec.filterTags', '!has(self.extract) || has(self.pattern)'],
      ['ImagePolicy.spec.verify.cosign', 'has(self.secretRef) || has(self.matchOIDCIdentity)'],
      [
        'ImagePolicy.spec.verify.cosign',
        '!has(self.trustedRootSecretRef) || has(self.matchOIDCIdentity)',
      ],
      ['ImageReceiver.spec', "(self.type == 'artifactregistry') == has(self.identity)"],
      [
        'ImageReceiver.spec.policySelector.matchExpressions[]',
        "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      ],
      ['ImageUpdateAutomation.spec', '[has(self.git), has(self.sourceRef)].exists_one(x, x)'],
      [
        'ImageUpdateAutomation.spec',
        "!has(self.commit) || !has(self.commit.signedBy) || !has(self.git) || self.git.provider == 'github'",
      ],
      [
        'ImageUpdateAutomation.spec.commit',
        '!has(self.signedBy) || !(has(self.signingKey) || has(self.author) || (has(self.signOff) && self.signOff))',
      ],
      [
        'ImageUpdateAutomation.spec.policySelector.matchExpressions[]',
        "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      ],
    ]);
  });

  it('prints conditions as a list keyed by type', () => {
    const conditions = all.find(([path]) => path === 'ImagePolicy.status.conditions')?.[1];
    expect(conditions).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    });
  });
});
