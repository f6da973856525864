import {
  imagePolicySchema,
  imagePolicySpecSchema,
  type ImagePolicy,
} from '../../api/image-policy.ts';
import {
  imageReceiverSchema,
  imageReceiverSpecSchema,
  type ImageReceiver,
} from '../../api/image-receiver.ts';
import {
  imageUpdateAutomationSchema,
  imageUpdateAutomationSpecSchema,
  type ImageUpdateAutomation,
} from '../../api/image-update-automation.ts';
import type { Metadata, ObjectMeta, SchemaIssue } from '../../api/schema.ts';
import { structuralSchema, type StructuralSchema } from '../../api/structural-schema.ts';
import { checkMeaning } from './check-meaning.ts';
import { describeIssue } from './describe-issue.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath, valueAt, type FieldPath } from './field-path.ts';
import { unknownFields } from './unknown-fields.ts';

/** A kind of our group. */
export type ResourceKind = 'ImagePolicy' | 'ImageReceiver' | 'ImageUpdateAutomation';

/** The kinds of our group. */
export const RESOURCE_KINDS: readonly string[] = [
  'ImagePolicy',
  'ImageReceiver',
  'ImageUpdateAutomation',
] satisfies ResourceKind[];

/** Is it the name of a kind of our group? */
export function isResourceKind(kind: string): kind is ResourceKind {
  return RESOURCE_KINDS.includes(kind);
}

/** Where a resource names no namespace, as `kubectl` has it. */
const DEFAULT_NAMESPACE = 'default';

/** A resource of any of our kinds. */
export type AnyResource = ImagePolicy | ImageReceiver | ImageUpdateAutomation;

/** A resource with its defaults, or all that is wrong with it. */
export interface CheckedResource {
  readonly resource?: AnyResource;
  readonly faults: readonly Fault[];
}

/**
 * Checks a resource wherever it comes from, a file or an API server, and gives it its defaults.
 * @param value the whole resource as plain data
 * @param sourceOf a scalar as it is written, where that is known: messages repeat it
 */
export function checkResource(
  kind: ResourceKind,
  value: Readonly<Record<string, unknown>>,
  sourceOf: (path: FieldPath) => string | undefined,
): CheckedResource {
  const parsed = parse(kind, value);
  const faults = [
    ...unknownFields(fieldsOf(kind), value, []),
    ...(parsed.error?.issues ?? []).map((issue) => schemaFault(issue, value, sourceOf)),
  ];
  faults.push(...checkMeaning(kind, value['spec']).filter((fault) => !isAmong(fault, faults)));
  if (parsed.resource === undefined || faults.length > 0) return { faults };
  return { resource: parsed.resource, faults };
}

interface Parsed {
  readonly resource?: AnyResource;
  readonly error?: { readonly issues: readonly SchemaIssue[] };
}

function parse(kind: ResourceKind, value: unknown): Parsed {
  switch (kind) {
    case 'ImagePolicy': {
      const { data, error } = imagePolicySchema.safeParse(value);
      return data === undefined ? { error } : { resource: { kind, ...withMeta(data) } };
    }
    case 'ImageReceiver': {
      const { data, error } = imageReceiverSchema.safeParse(value);
      return data === undefined ? { error } : { resource: { kind, ...withMeta(data) } };
    }
    case 'ImageUpdateAutomation': {
      const { data, error } = imageUpdateAutomationSchema.safeParse(value);
      return data === undefined ? { error } : { resource: { kind, ...withMeta(data) } };
    }
  }
}

const SPECS = {
  ImagePolicy: imagePolicySpecSchema,
  ImageReceiver: imageReceiverSpecSchema,
  ImageUpdateAutomation: imageUpdateAutomationSpecSchema,
};
const FIELDS = new Map<ResourceKind, StructuralSchema>();

/** What a whole resource of a kind may hold. Made when it is first asked for: many a command parses none. */
function fieldsOf(kind: ResourceKind): StructuralSchema {
  const fields = FIELDS.get(kind) ?? rootFields(structuralSchema(SPECS[kind]));
  FIELDS.set(kind, fields);
  return fields;
}

/** Whatever Kubernetes knows in `metadata` and `status` is fine. */
function rootFields(spec: StructuralSchema): StructuralSchema {
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: { type: 'object' },
    },
  };
}

function schemaFault(
  issue: SchemaIssue,
  resource: Readonly<Record<string, unknown>>,
  sourceOf: (path: FieldPath) => string | undefined,
): Fault {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const value = valueAt(resource, path);
  return {
    code: 'resource/invalid',
    path,
    message: describeIssue(issue, { value, source: sourceOf(path) }),
    // A rule over a whole map is best shown at its name.
    onKey: typeof value === 'object' || issue.code === 'invalid_key',
  };
}

/** Is the field at fault already? One fault per field is enough. */
function isAmong(fault: Fault, faults: readonly Fault[]): boolean {
  const field = formatFieldPath(fault.path);
  return faults.some(({ path }) => formatFieldPath(path) === field);
}

function withMeta<S>({ metadata, spec }: { readonly metadata: Metadata; readonly spec: S }): {
  readonly metadata: ObjectMeta;
  readonly spec: S;
} {
  const { name, namespace = DEFAULT_NAMESPACE, labels = {} } = metadata;
  return { metadata: { name, namespace, labels }, spec };
}
