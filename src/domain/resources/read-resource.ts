import type { YAMLMap } from 'yaml';
import {
  imagePolicySchema,
  imagePolicySpecSchema,
  type ImagePolicy,
} from '../../api/image-policy.ts';
import {
  imageUpdateAutomationSchema,
  imageUpdateAutomationSpecSchema,
  type ImageUpdateAutomation,
} from '../../api/image-update-automation.ts';
import type { Metadata, ObjectMeta, SchemaIssue } from '../../api/schema.ts';
import { structuralSchema, type StructuralSchema } from '../../api/structural-schema.ts';
import { AppError, type Finding, type Location } from '../errors.ts';
import type { Manifest } from '../manifest/parse-manifest.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import { checkMeaning } from './check-meaning.ts';
import { describeIssue } from './describe-issue.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath, valueAt } from './field-path.ts';
import { notSupportedYet } from './not-yet.ts';
import { resourceValue, type ResourceValue } from './resource-value.ts';
import { unknownFields } from './unknown-fields.ts';

/** The kinds of our group. */
export const RESOURCE_KINDS: readonly string[] = ['ImagePolicy', 'ImageUpdateAutomation'];

/** Structural schemas of `spec` by kind: what a field is called. */
const SPEC_FIELDS: Readonly<Record<string, StructuralSchema>> = {
  ImagePolicy: structuralSchema(imagePolicySpecSchema),
  ImageUpdateAutomation: structuralSchema(imageUpdateAutomationSpecSchema),
};

/** Where a file names no namespace, as `kubectl` has it. */
const DEFAULT_NAMESPACE = 'default';

/** A resource, or all that is wrong with it. */
export interface ReadResource {
  readonly policy?: ImagePolicy & { readonly at: Location };
  readonly automation?: ImageUpdateAutomation & { readonly at: Location };
  readonly findings: readonly Finding[];
}

/**
 * Reads one resource of our group.
 * @param kind one of {@link RESOURCE_KINDS}
 */
export function readResource(manifest: Manifest, map: YAMLMap, kind: string): ReadResource {
  const at = manifest.locate(spanOf(map).start);
  const resource = valueOf(manifest, map);
  if (resource instanceof AppError) {
    const { code, message } = resource;
    return { findings: [{ severity: 'error', code, message, at: resource.at ?? at }] };
  }
  const { value } = resource;
  const parsed =
    kind === 'ImagePolicy'
      ? imagePolicySchema.safeParse(value)
      : imageUpdateAutomationSchema.safeParse(value);
  const faults = [
    ...unknownFields(rootFields(kind), value, []),
    ...(parsed.error?.issues ?? []).map((issue) => schemaFault(issue, resource)),
    ...notSupportedYet(kind, value['spec']),
  ];
  faults.push(...checkMeaning(kind, value['spec']).filter((fault) => !isAmong(fault, faults)));
  if (parsed.data === undefined || faults.length > 0) {
    return {
      findings: faults.map((fault) => findingAt(manifest, resource, fault)).toSorted(byPlace),
    };
  }
  const metadata = objectMeta(parsed.data.metadata);
  const { spec } = parsed.data;
  return 'policy' in spec
    ? { policy: { kind: 'ImagePolicy', metadata, spec, at }, findings: [] }
    : { automation: { kind: 'ImageUpdateAutomation', metadata, spec, at }, findings: [] };
}

function valueOf(manifest: Manifest, map: YAMLMap): ResourceValue | AppError {
  try {
    return resourceValue(manifest, map);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Fields of a whole resource. Whatever Kubernetes knows in `metadata` and `status` is fine. */
function rootFields(kind: string): StructuralSchema {
  const spec = SPEC_FIELDS[kind];
  if (spec === undefined) throw new TypeError(`no schema for ${kind}`);
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

function schemaFault(issue: SchemaIssue, resource: ResourceValue): Fault {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const value = valueAt(resource.value, path);
  const { source } = resource.placeOf(path);
  return {
    code: 'resource/invalid',
    path,
    message: describeIssue(issue, { value, source }),
    // A rule over a whole map is best shown at its name.
    onKey: typeof value === 'object',
  };
}

/** Is the field at fault already? One fault per field is enough. */
function isAmong(fault: Fault, faults: readonly Fault[]): boolean {
  const field = formatFieldPath(fault.path);
  return faults.some(({ path }) => formatFieldPath(path) === field);
}

function findingAt(manifest: Manifest, resource: ResourceValue, fault: Fault): Finding {
  const place = resource.placeOf(fault.path);
  const onKey = fault.onKey === true || !place.exact;
  const offset = onKey ? (place.key ?? place.value) : place.value;
  return {
    severity: 'error',
    code: fault.code,
    message: `${formatFieldPath(fault.path)}: ${fault.message}`,
    at: manifest.locate(offset),
  };
}

function byPlace(a: Finding, b: Finding): number {
  const line = (a.at?.line ?? 0) - (b.at?.line ?? 0);
  return line === 0 ? (a.at?.column ?? 0) - (b.at?.column ?? 0) : line;
}

function objectMeta(metadata: Metadata): ObjectMeta {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? DEFAULT_NAMESPACE,
    labels: metadata.labels ?? {},
  };
}
