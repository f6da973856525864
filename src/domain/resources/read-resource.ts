import type { YAMLMap } from 'yaml';
import { AppError, type Finding, type Location } from '../errors.ts';
import type { Manifest } from '../manifest/parse-manifest.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import { attempt } from './attempt.ts';
import { checkResource, type AnyResource, type ResourceKind } from './check-resource.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath } from './field-path.ts';
import { resourceValue, type ResourceValue } from './resource-value.ts';

/** A resource, or all that is wrong with it. */
export interface ReadResource {
  readonly resource?: AnyResource & { readonly at: Location };
  readonly findings: readonly Finding[];
}

/** Reads one resource of our group, whose kind has been read already. */
export function readResource(manifest: Manifest, map: YAMLMap, kind: ResourceKind): ReadResource {
  const at = manifest.locate(spanOf(map).start);
  const read = attempt(() => resourceValue(manifest, map));
  if (read instanceof AppError) {
    const { code, message } = read;
    return { findings: [{ severity: 'error', code, message, at: read.at ?? at }] };
  }
  const { resource, faults } = checkResource(kind, read.value, (path) => read.placeOf(path).source);
  if (resource === undefined) return { findings: inFileOrder(manifest, read, faults) };
  return { resource: { ...resource, at }, findings: [] };
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
