import { describe, expect, it } from 'vitest';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { StructuralSchema } from '../../../src/api/structural-schema.ts';
import { namesSecret } from '../../../src/domain/resources/names-secret.ts';

/** Fields that refer to a Secret, by what is said of them. */
function secretFields(name: string, schema: StructuralSchema): string[] {
  const children = Object.entries(schema.properties ?? schema.items?.properties ?? {});
  const isReference = children.length === 1 && children[0]?.[0] === 'name';
  if (isReference) return /\bSecret\b/.test(schema.description ?? '') ? [name] : [];
  return children.flatMap(([child, property]) => secretFields(child, property));
}

describe('namesSecret', () => {
  it.each([
    { spec: { secretRef: { name: 'a' } }, named: true },
    { spec: { certSecretRef: { name: 'a' } }, named: true },
    { spec: { git: { proxySecretRef: { name: 'a' } } }, named: true },
    { spec: { verify: { keys: [{ secretRef: { name: 'a' } }] } }, named: true },
    { spec: { secretRef: { name: 'b' } }, named: false },
    { spec: { secretRef: undefined, image: 'a' }, named: false },
    { spec: { sourceRef: { name: 'a' } }, named: false },
    { spec: undefined, named: false },
  ])('finds the name wherever a Secret is referred to: %#', ({ spec, named }) => {
    expect(namesSecret(spec, 'a')).toBe(named);
  });

  it('knows every field of our kinds that refers to a Secret, by its name', () => {
    const fields = customResourceDefinitions().flatMap(({ spec: { versions } }) =>
      versions.flatMap(({ schema }) => secretFields('', schema.openAPIV3Schema)),
    );
    expect(fields.length).toBeGreaterThanOrEqual(7);
    for (const field of fields) expect(namesSecret({ [field]: { name: 'a' } }, 'a')).toBe(true);
  });
});
