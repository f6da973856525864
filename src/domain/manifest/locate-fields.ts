import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import { AppError, findingOf, type Finding } from '../errors.ts';
import type { FileFields, ImageField, Lock, PolicyKey, ResourceId } from './image-field.ts';
import { locateImages } from './locate-images.ts';
import { locateMarked, type LocatedField } from './locate-marked.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { enclosingResource, resourcesOf, type Resource } from './resources.ts';

/**
 * The image fields of one file, in file order, and what its author must be told. A file that does not
 * parse is a finding and holds no fields.
 */
export function locateFields(path: string, text: string, strategy: UpdateStrategy): FileFields {
  const manifest = parsed(path, text);
  if ('severity' in manifest) return { fields: [], findings: [manifest] };
  const resources = resourcesOf(manifest);
  const { fields, findings } = fieldsIn(manifest, resources, strategy);
  return {
    fields,
    findings: [...findings, ...resources.flatMap((resource) => resource.findings)],
  };
}

/** One lock and what it is on: a marked field, or a resource. */
export type LocatedLock = { readonly lock: Lock; readonly resource?: ResourceId } & (
  | { readonly on: 'field'; readonly field: ImageField; readonly marker: PolicyKey }
  | { readonly on: 'workload' }
);

/** Every lock of a file, also on resources that hold no image. Expired ones are among them. */
export function locateLocks(
  path: string,
  text: string,
): { readonly locks: readonly LocatedLock[]; readonly findings: readonly Finding[] } {
  const manifest = parsed(path, text);
  if ('severity' in manifest) return { locks: [], findings: [manifest] };
  const resources = resourcesOf(manifest);
  const { fields, findings } = fieldsIn(manifest, resources, 'Setters');
  const onWorkloads = resources.flatMap(({ id, locks }) =>
    locks.map((lock): LocatedLock => ({ lock, on: 'workload', ...(id ? { resource: id } : {}) })),
  );
  const onFields = fields.flatMap((field) => {
    const { marker, resource, locks } = field;
    if (marker === undefined) return [];
    const own = locks.filter((lock) => lock.scope === 'field');
    return own.map((lock): LocatedLock => ({
      lock,
      on: 'field',
      field,
      marker,
      ...(resource ? { resource } : {}),
    }));
  });
  const lockFindings = [...findings, ...resources.flatMap((resource) => resource.findings)];
  return {
    locks: [...onWorkloads, ...onFields].toSorted((a, b) => lineOf(a) - lineOf(b)),
    findings: lockFindings.filter((finding) => finding.code === 'lock/invalid'),
  };
}

function lineOf(located: LocatedLock): number {
  return located.lock.at.line ?? 0;
}

function fieldsIn(
  manifest: Manifest,
  resources: readonly Resource[],
  strategy: UpdateStrategy,
): FileFields {
  const byNode = new Map(resources.map((resource) => [resource.map, resource]));
  const marked = locateMarked(manifest);
  const claimed = new Set(marked.fields.map(({ entry }) => entry));
  const unmarked = strategy === 'Images' ? locateImages(manifest, resources, claimed) : [];
  const fields = [...marked.fields, ...unmarked].map((located) => withResource(byNode, located));
  return {
    fields: fields.toSorted((a, b) => a.span.start - b.span.start),
    findings: marked.findings,
  };
}

function withResource(
  resources: ReadonlyMap<Resource['map'], Resource>,
  { field, entry }: LocatedField,
): ImageField {
  const resource = enclosingResource(resources, entry);
  if (!resource) return field;
  const { id, apiVersion, kind } = resource;
  return {
    ...field,
    ...(id ? { resource: id } : { unnamed: { apiVersion, kind } }),
    locks: [...field.locks, ...resource.locks],
  };
}

/** The parsed file, or the finding of why it is none. */
function parsed(path: string, text: string): Manifest | Finding {
  try {
    return parseManifest(path, text);
  } catch (error) {
    if (error instanceof AppError) return findingOf(error);
    throw error;
  }
}
