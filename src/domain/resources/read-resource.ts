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
import { attempt } from './attempt.ts';
import { checkMeaning } from './check-meaning.ts';
import { describeIssue } from './describe-issue.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath, valueAt } from './field-path.ts';
import { notSupportedYet } from './not-yet.ts';
import { resourceValue, type ResourceValue } from './resource-value.ts';
import { unknownFields } from './unknown-fields.ts';

/** A kind of our group. */
export type ResourceKind = 'ImagePolicy' | 'ImageUpdateAutomation';

/** What a whole resource of each kind may hold. */
const FIELDS: Readonly<Record<ResourceKind, StructuralSchema>> = {
  ImagePolicy: rootFields(structuralSchema(imagePolicySpecSchema)),
  ImageUpdateAutomation: rootFields(structuralSchema(imageUpdateAutomationSpecSchema)),
};

/** The kinds of our group. */
export const RESOURCE_KINDS: readonly string[] = Object.keys(FIELDS);

/** Is it the name of a kind of our group? */
export function isResourceKind(kind: string): kind is ResourceKind {
  return RESOURCE_KINDS.includes(kind);
}

/** Where a file names no namespace, as `kubectl` has it. */
const DEFAULT_NAMESPACE = 'default';

/** A resource, or all that is wrong with it. */
export interface ReadResource {
  readonly policy?: ImagePolicy & { readonly at: Location };
  readonly automation?: ImageUpdateAutomation & { readonly at: Location };
  readonly findings: readonly Finding[];
}

/** Reads one resource of our group, whose kind has been read already. */
export function readResource(manifest: Manifest, map: YAMLMap, kind: ResourceKind): ReadResource {
  const at = manifest.locate(spanOf(map).start);
  const resource = attempt(() => resourceValue(manifest, map));
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
    ...unknownFields(FIELDS[kind], value, []),
    ...(parsed.error?.issues ?? []).map((issue) => schemaFault(issue, resource)),
    ...notSupportedYet(kind, value['spec']),
  ];
  faults.push(...checkMeaning(kind, value['spec']).filter((fault) => !isAmong(fault, faults)));
  if (parsed.data === undefined || faults.length > 0) {
    return { findings: inFileOrder(manifest, resource, faults) };
  }
  const metadata = objectMeta(parsed.data.metadata);
  const { spec } = parsed.data;
  return 'policy' in spec
    ? { policy: { kind: 'ImagePolicy', metadata, spec, at }, findings: [] }
    : { automation: { kind: 'ImageUpdateAutomation', metadata, spec, at }, findings: [] };
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

function schemaFault(issue: SchemaIssue, resource: ResourceValue): Fault {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const value = valueAt(resource.value, path);
  const { source } = resource.placeOf(path);
  return {
    code: 'resource/invalid',
    path,
    message: describeIssue(issue, { value, source }),
    // A rule over a whole map is best shown at its name.
    onKey: typeof value === 'object' || issue.code === 'invalid_key',
  };
}

/** Is the field at fault already? One fault per field is enough. */
function isAmong(fault: Fault, faults: readonly Fault[]): boolean {
  const field = formatFieldPath(fault.path);
  return faults.some(({ path }) => formatFieldPath(path) === field);
}

function inFileOrder(
  manifest: Manifest,
  resource: ResourceValue,
  faults: readonly Fault[],
): readonly Finding[] {
  return faults
    .map((fault) => ({ fault, offset: offsetOf(resource, fault) }))
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ fault, offset }) => ({
      severity: 'error',
      code: fault.code,
      message: `${formatFieldPath(fault.path)}: ${fault.message}`,
      at: manifest.locate(offset),
    }));
}

function offsetOf(resource: ResourceValue, { path, onKey }: Fault): number {
  const place = resource.placeOf(path);
  const isNamed = onKey === true || !place.exact;
  return isNamed ? (place.key ?? place.value) : place.value;
}

function objectMeta(metadata: Metadata): ObjectMeta {
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? DEFAULT_NAMESPACE,
    labels: metadata.labels ?? {},
  };
}
