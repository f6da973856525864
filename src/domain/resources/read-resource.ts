import type { YAMLMap } from 'yaml';
import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError, type Finding, type Location } from '../errors.ts';
import type { Manifest } from '../manifest/parse-manifest.ts';
import { spanOf } from '../manifest/yaml-tree.ts';
import { attempt } from './attempt.ts';
import { checkResource, type ResourceKind } from './check-resource.ts';
import type { Fault } from './fault.ts';
import { formatFieldPath } from './field-path.ts';
import { resourceValue, type ResourceValue } from './resource-value.ts';

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
  const checked = checkResource(kind, resource.value, (path) => resource.placeOf(path).source);
  if (checked.faults.length > 0) {
    return { findings: inFileOrder(manifest, resource, checked.faults) };
  }
  const { policy, automation } = checked;
  return {
    ...(policy === undefined ? {} : { policy: { ...policy, at } }),
    ...(automation === undefined ? {} : { automation: { ...automation, at } }),
    findings: [],
  };
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
