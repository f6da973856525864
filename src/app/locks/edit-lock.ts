import type { LockChange } from '../../domain/commit-message.ts';
import { AppError, type Finding } from '../../domain/errors.ts';
import {
  decodeManifest,
  isManifestPath,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import {
  clearMarkerLock,
  clearPolicyLock,
  clearWorkloadLock,
  setMarkerLock,
  setPolicyLock,
  setWorkloadLock,
} from '../../domain/manifest/edit-locks.ts';
import type { ResourceId } from '../../domain/manifest/image-field.ts';
import { locateFields } from '../../domain/manifest/locate-fields.ts';
import { parseManifest } from '../../domain/manifest/parse-manifest.ts';
import { resourcesOf } from '../../domain/manifest/resources.ts';
import { formatResource } from '../../domain/plan/update-plan.ts';
import type { FileSource } from '../../ports/files.ts';
import { formatLockTarget, type LockTarget } from './lock-target.ts';
import type { FileEdit } from '../update/edit-files.ts';

/** What a lock says. */
export interface LockWish {
  readonly tag?: string;
  readonly reason?: string;
  readonly by?: string;
  readonly until?: string;
}

/** A planned lock edit; without an edit, things are as wished already. */
export interface LockEdit {
  readonly edit?: FileEdit;
  readonly change: LockChange;
  /** What the user should know before relying on the lock. */
  readonly findings: readonly Finding[];
}

/** A file that holds the target, and the target's full identity where it is a resource. */
interface Place {
  readonly path: string;
  readonly text: string;
  readonly resource?: ResourceId;
}

/**
 * Plans a lock (`wish` given) or an unlock (`wish` absent) in Git.
 * @throws AppError `manifest/not-found` when the target is not there, `manifest/ambiguous` when it is
 * there more than once, `manifest/unprovable` when the file cannot be edited safely
 */
export async function planLock(
  source: FileSource,
  target: LockTarget,
  wish: LockWish | undefined,
  signal: AbortSignal,
): Promise<LockEdit> {
  const places = await findPlaces(source, target, signal);
  const [place] = places;
  if (place === undefined) throw notFound(target);
  if (places.length > 1) throw ambiguous(target, places);
  const before = place.text;
  const after = wish === undefined ? clear(place, target) : set(place, target, wish);
  if (wish === undefined && after === undefined) {
    throw new AppError('manifest/not-found', `${formatLockTarget(target)} is not locked`, {
      at: { path: place.path },
    });
  }
  const change: LockChange = {
    action: wish === undefined ? 'unlock' : 'lock',
    target:
      place.resource === undefined ? formatLockTarget(target) : formatResource(place.resource),
    path: place.path,
    ...wish,
  };
  const findings = wish === undefined ? [] : emptyLock(place);
  if (after === undefined || after === before) return { change, findings };
  return { change, edit: { path: place.path, before, after }, findings };
}

/** A lock on a resource whose image is stated elsewhere (a kustomization, a chart) keeps nothing from moving. */
function emptyLock({ path, text, resource }: Place): readonly Finding[] {
  if (resource === undefined || isPolicy(resource)) return [];
  const name = formatResource(resource);
  const { fields } = locateFields(path, text, 'Images');
  const isOwn = (other: ResourceId | undefined) =>
    other !== undefined && formatResource(other) === name;
  if (fields.some((field) => isOwn(field.resource))) return [];
  const message = `${name} states no image tag, so that the lock holds nothing; lock the ImagePolicy, or FILE:LINE of the field`;
  return [{ severity: 'warning', code: 'lock/invalid', message, at: { path } }];
}

function set(place: Place, target: LockTarget, wish: LockWish): string {
  const { path, text, resource } = place;
  if (target.on === 'line') return setMarkerLock(path, text, target.line, wish);
  if (resource === undefined) throw notFound(target);
  return isPolicy(resource)
    ? setPolicyLock(path, text, resource, wish)
    : setWorkloadLock(path, text, resource, wish);
}

function clear({ path, text, resource }: Place, target: LockTarget): string | undefined {
  if (target.on === 'line') return clearMarkerLock(path, text, target.line);
  if (resource === undefined) throw notFound(target);
  return isPolicy(resource)
    ? clearPolicyLock(path, text, resource)
    : clearWorkloadLock(path, text, resource);
}

function isPolicy({ apiVersion, kind }: ResourceId): boolean {
  return kind === 'ImagePolicy' && apiVersion.startsWith('lockkeeper.dev/');
}

async function findPlaces(
  source: FileSource,
  target: LockTarget,
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const entries = (await source.list(signal)).filter(
    ({ path, kind }) =>
      kind === 'file' && (target.on === 'line' ? path === target.path : isManifestPath(path)),
  );
  const places: Place[] = [];
  for await (const { entry, bytes } of source.read(entries, MAX_MANIFEST_BYTES, signal)) {
    if (bytes === undefined) {
      if (target.on === 'line') throw tooLarge(entry.path);
      continue;
    }
    places.push(...placesIn(entry.path, bytes, target));
  }
  return target.on === 'line' ? places : inNamespace(places, target.namespace);
}

/** A file that names no namespace gets one where it is applied: it counts when none is named exactly. */
function inNamespace(places: readonly Place[], namespace: string | undefined): readonly Place[] {
  if (namespace === undefined) return places;
  const exact = places.filter(({ resource }) => resource?.namespace === namespace);
  return exact.length > 0
    ? exact
    : places.filter(({ resource }) => resource?.namespace === undefined);
}

function placesIn(path: string, bytes: Uint8Array, target: LockTarget): readonly Place[] {
  if (target.on === 'line') return [{ path, text: decodeManifest(path, bytes) }];
  // Only a file that holds the name can hold the resource; others may be anything, even no text.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (!text.includes(target.name)) return [];
  return resourcesIn(path, bytes)
    .filter((id) => matches(id, target))
    .map((resource) => ({ path, text, resource }));
}

/** Resources of a file; none where it is no YAML, such as a chart's template. */
function resourcesIn(path: string, bytes: Uint8Array): readonly ResourceId[] {
  try {
    const manifest = parseManifest(path, decodeManifest(path, bytes));
    return resourcesOf(manifest).flatMap(({ id }) => (id === undefined ? [] : [id]));
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

function matches(id: ResourceId, target: Extract<LockTarget, { on: 'resource' }>): boolean {
  const isNamed = id.name === target.name && id.kind.toLowerCase() === target.kind.toLowerCase();
  // Flux has an ImagePolicy, too; a lock on that one would hold nothing.
  return isNamed && (id.kind !== 'ImagePolicy' || isPolicy(id));
}

function tooLarge(path: string): AppError {
  const message = 'the file is too large to be edited; lock the policy or workload instead';
  return new AppError('file/too-large', message, { at: { path } });
}

function notFound(target: LockTarget): AppError {
  const shown = formatLockTarget(target);
  const hint =
    target.on === 'line' ? 'name the file as it is in the repo' : 'check kind, name and -n';
  return new AppError('manifest/not-found', `there is no ${shown} here; ${hint}`);
}

function ambiguous(target: LockTarget, places: readonly Place[]): AppError {
  const where = places.map(({ path, resource }) =>
    resource === undefined ? path : `${path} (${formatResource(resource)})`,
  );
  return new AppError(
    'manifest/ambiguous',
    `${formatLockTarget(target)} is there more than once: ${where.join(', ')}; narrow it with -n NAMESPACE, or lock FILE:LINE`,
  );
}
