import { isMap, type YAMLMap } from 'yaml';
import { AppError } from '../errors.ts';
import {
  removeChild,
  removeChildKeys,
  setChildKeys,
  type ChildMapPlace,
} from './edit-child-map.ts';
import { proveEdit, spliceText, unprovable, type Splice } from './edit-proof.ts';
import { theResource, type ResourceTarget } from './find-resource.ts';
import { locateMarked } from './locate-marked.ts';
import { lockWord } from './lock-values.ts';
import { isLockKey, markerJson } from './marker.ts';
import { checkNewLock, type NewLock } from './new-lock.ts';
import { parseManifest, type Comment, type Manifest } from './parse-manifest.ts';
import { isLockAnnotation, LOCK_ANNOTATION } from './resources.ts';
import { keysOf, removePairs, setPairs } from './yaml-pairs.ts';

/**
 * Locks a workload by annotations; a lock of ours that is there is replaced.
 * @throws AppError `usage`, `manifest/not-found`, `manifest/ambiguous`, `manifest/unprovable`
 */
export function setWorkloadLock(
  path: string,
  text: string,
  target: ResourceTarget,
  lock: NewLock,
): string {
  checkNewLock(lock);
  const words = { reason: lock.reason, by: lock.by, until: lock.until };
  const values = new Map([[LOCK_ANNOTATION, lockWord(lock)]]);
  for (const [word, value] of Object.entries(words)) {
    if (value !== undefined) values.set(`${LOCK_ANNOTATION}-${word}`, value);
  }
  const isStale = (key: string): boolean =>
    key.startsWith(`${LOCK_ANNOTATION}-`) && !values.has(key);
  const place = annotationsOf(target);
  const cleared = removeChildKeys(path, text, place, isStale) ?? text;
  return setChildKeys(path, cleared, place, values);
}

/**
 * Unlocks a workload: our annotations and Flux v1's go. @returns undefined when there was no lock
 * @throws AppError `manifest/not-found`, `manifest/ambiguous`, `manifest/unprovable`
 */
export function clearWorkloadLock(
  path: string,
  text: string,
  target: ResourceTarget,
): string | undefined {
  return removeChildKeys(path, text, annotationsOf(target), isLockAnnotation);
}

function annotationsOf(target: ResourceTarget): ChildMapPlace {
  return {
    resource: (manifest) => theResource(manifest, target).map,
    container: 'metadata',
    child: 'annotations',
    after: 'name',
  };
}

/** An ImagePolicy as a person names it. */
export type PolicyTarget = Pick<ResourceTarget, 'name' | 'namespace'>;

/**
 * Writes `spec.lock` of an ImagePolicy, over the one that is there.
 * @throws AppError `usage`, `manifest/not-found`, `manifest/ambiguous`, `manifest/unprovable`
 */
export function setPolicyLock(
  path: string,
  text: string,
  target: PolicyTarget,
  lock: NewLock,
): string {
  checkNewLock(lock);
  const { tag, digest, reason, by, until } = lock;
  const values = new Map(
    Object.entries({ tag, digest, reason, by, until }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    ),
  );
  const cleared = clearPolicyLock(path, text, target) ?? text;
  return setChildKeys(path, cleared, lockOf(target), values);
}

/**
 * Removes `spec.lock` of an ImagePolicy. @returns undefined when there was none
 * @throws AppError `manifest/not-found`, `manifest/ambiguous`, `manifest/unprovable`
 */
export function clearPolicyLock(
  path: string,
  text: string,
  target: PolicyTarget,
): string | undefined {
  return removeChild(path, text, lockOf(target));
}

function lockOf(target: PolicyTarget): ChildMapPlace {
  // Flux has an ImagePolicy, too
  const full = { ...target, kind: 'ImagePolicy', apiVersion: 'lockkeeper.dev/' };
  return {
    resource: (manifest) => theResource(manifest, full).map,
    container: 'spec',
    child: 'lock',
    after: 'image',
  };
}

/**
 * Locks the marked field on a line (its own, or its marker's) inside the marker's JSON; a lock that is
 * there is replaced.
 * @throws AppError `usage`, `manifest/not-found` when no marked field is there, `manifest/unprovable`
 */
export function setMarkerLock(path: string, text: string, line: number, lock: NewLock): string {
  checkNewLock(lock);
  const word = lockWord(lock);
  const words = { reason: lock.reason, by: lock.by, until: lock.until };
  const values = new Map<string, string | true>([['lock', word === 'true' ? true : word]]);
  for (const [key, value] of Object.entries(words)) {
    if (value !== undefined) values.set(`lock-${key}`, value);
  }
  const cleared = clearMarkerLock(path, text, line) ?? text;
  return editMarker(path, cleared, line, (json, map) => setPairs(json, map, values, 0)) ?? cleared;
}

/**
 * Takes the lock out of the marker on a line. @returns undefined when it has none
 * @throws AppError `manifest/not-found` when no marked field is there, `manifest/unprovable`
 */
export function clearMarkerLock(path: string, text: string, line: number): string | undefined {
  return editMarker(path, text, line, (json, map) =>
    removePairs(json, map, new Set(keysOf(map).filter(isLockKey))),
  );
}

type MarkerEdit = (json: Manifest, map: YAMLMap) => readonly Splice[];

/** JSON is YAML: the marker's object is edited as the flow map that it is. */
function editMarker(
  path: string,
  text: string,
  line: number,
  edit: MarkerEdit,
): string | undefined {
  const manifest = parseManifest(path, text);
  const comment = markerAt(manifest, line);
  const at = manifest.locate(comment.start);
  const offset = comment.source.indexOf('{');
  const json = parseManifest(path, markerJson(comment.source));
  const map = json.documents[0]?.contents;
  if (!isMap(map)) throw unprovable(at);
  const splices = edit(json, map);
  if (splices.length === 0) return undefined;
  const shifted = (by: number): Splice[] =>
    splices.map(({ start, end, text: source }) => ({
      start: start + by,
      end: end + by,
      text: source,
    }));
  const source = spliceText(comment.source, shifted(offset));
  const comments = manifest.comments.map((other) => (other === comment ? source : other.source));
  const result = spliceText(text, shifted(comment.start + offset));
  proveEdit(manifest, result, { at, comments });
  return result;
}

function markerAt(manifest: Manifest, line: number): Comment {
  const { fields, findings } = locateMarked(manifest);
  const on = (offset: number): boolean => manifest.locate(offset).line === line;
  const found = fields.find(({ comment, field }) => on(comment.start) || field.at.line === line);
  if (found) return found.comment;
  const fault = findings.find((finding) => finding.at?.line === line)?.message;
  const message =
    fault ?? `no marked field on this line; name the line of a marker, or lock the workload`;
  throw new AppError('manifest/not-found', message, { at: { path: manifest.path, line } });
}
