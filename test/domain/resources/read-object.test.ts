import { describe, expect, it } from 'vitest';
import { imagePolicySpecSchema } from '../../../src/api/image-policy.ts';
import { imageReceiverSpecSchema } from '../../../src/api/image-receiver.ts';
import { imageUpdateAutomationSpecSchema } from '../../../src/api/image-update-automation.ts';
import { structuralSchema, type StructuralSchema } from '../../../src/api/structural-schema.ts';
import type { ResourceKind } from '../../../src/domain/resources/check-resource.ts';
import { readObject, type RawObject } from '../../../src/domain/resources/read-object.ts';

const SCHEMAS: Record<ResourceKind, StructuralSchema> = {
  ImagePolicy: structuralSchema(imagePolicySpecSchema),
  ImageReceiver: structuralSchema(imageReceiverSpecSchema),
  ImageUpdateAutomation: structuralSchema(imageUpdateAutomationSpecSchema),
};

/** Fills in defaults as an API server does: in maps that are given, at every level. */
function defaulted(schema: StructuralSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => defaulted(schema.items!, item));
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return value;
  const given = value as Record<string, unknown>;
  const filled = Object.entries(schema.properties).flatMap(([name, property]) => {
    const member = given[name] ?? property.default;
    return member === undefined ? [] : [[name, defaulted(property, member)]];
  });
  return { ...given, ...(Object.fromEntries(filled) as object) };
}

function read(kind: ResourceKind, spec: unknown, over: Partial<RawObject> = {}) {
  const full = defaulted(SCHEMAS[kind], spec);
  return readObject({ kind, namespace: 'apps', name: 'it', labels: {}, spec: full, ...over });
}

const policySpec = { image: 'ghcr.io/stefanprodan/podinfo', policy: { semver: { range: '6.x' } } };
const automationSpec = { git: { url: 'https://git.example.com/config.git' } };

function messages(...given: Parameters<typeof read>): readonly string[] {
  const result = read(...given);
  return result.kind === 'invalid'
    ? result.findings.map(({ code, message }) => `${code}: ${message}`)
    : [];
}

describe('an object of an API server', () => {
  it.each([
    { kind: 'ImagePolicy', spec: policySpec },
    { kind: 'ImagePolicy', spec: { ...policySpec, policy: { digest: { tag: 'main' } } } },
    { kind: 'ImagePolicy', spec: { ...policySpec, schedule: { cron: '0 6 * * *' } } },
    { kind: 'ImageUpdateAutomation', spec: automationSpec },
    {
      kind: 'ImageUpdateAutomation',
      spec: { sourceRef: { kind: 'GitRepository', name: 'flux-system' } },
    },
    {
      kind: 'ImageUpdateAutomation',
      spec: { ...automationSpec, commit: { author: { email: 'bot@example.com' } }, update: {} },
    },
    { kind: 'ImageReceiver', spec: { type: 'generic', secretRef: { name: 'token' } } },
  ] as const)(
    'of kind $kind is valid with all the defaults that the server fills in',
    ({ kind, spec }) => {
      const result = read(kind, spec);
      expect(result).toMatchObject({
        kind,
        resource: {
          kind,
          metadata: { namespace: 'apps', name: 'it', labels: {} },
          at: { path: `${kind} apps/it` },
        },
      });
    },
  );

  it('is the same with defaults as without', () => {
    const bare = { kind: 'ImagePolicy', namespace: 'apps', name: 'it', labels: {} } as const;
    expect(readObject({ ...bare, spec: policySpec })).toEqual(read('ImagePolicy', policySpec));
  });

  it('keeps its labels: automations select by them', () => {
    const result = read('ImagePolicy', policySpec, { labels: { team: 'web' } });
    expect(result).toMatchObject({ resource: { metadata: { labels: { team: 'web' } } } });
  });

  it.each([
    {
      name: 'a range that means nothing',
      kind: 'ImagePolicy',
      spec: { ...policySpec, policy: { semver: { range: 'six' } } },
      want: [expect.stringMatching(/^policy\/invalid-range: spec\.policy\.semver\.range: /)],
    },
    {
      name: 'an image with a tag',
      kind: 'ImagePolicy',
      spec: { ...policySpec, image: 'podinfo:6.1.0' },
      want: [expect.stringMatching(/^image\/invalid: spec\.image: /)],
    },
    {
      name: 'no spec at all',
      kind: 'ImageUpdateAutomation',
      spec: undefined,
      want: ['resource/invalid: spec: required, but not given'],
    },
  ] as const)('names the field and the fault of $name', ({ kind, spec, want }) => {
    expect(messages(kind, spec)).toEqual(want);
  });
});
