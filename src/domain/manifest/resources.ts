import { isMap, isSeq, type YAMLMap } from 'yaml';
import type { Finding } from '../errors.ts';
import type { Lock, ResourceId } from './image-field.ts';
import { readLock } from './lock-values.ts';
import type { Manifest } from './parse-manifest.ts';
import { lookUp, lookUpPath, resolved, textAt } from './yaml-lookup.ts';
import { spanOf, type Entry, type TreeNode } from './yaml-tree.ts';

/** Annotations that lock a workload (DESIGN, "Locks, holds, gates"). */
export const LOCK_ANNOTATION = 'lockkeeper.dev/lock';
/** Flux v1's lock: it holds what is there and names no tag. */
const FLUX_LOCK_ANNOTATION = 'fluxcd.io/locked';

/** Does the annotation belong to a lock, ours or Flux v1's? */
export function isLockAnnotation(key: string): boolean {
  return /^(lockkeeper\.dev\/lock(-.*)?|fluxcd\.io\/locked(_user|_msg)?)$/.test(key);
}

/** One Kubernetes resource of a file: a document or an item of a `kind: List`. */
export interface Resource {
  readonly entry: Entry;
  readonly map: YAMLMap;
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent where the resource has no name, as a Kustomization often. */
  readonly id?: ResourceId;
  readonly locks: readonly Lock[];
  readonly findings: readonly Finding[];
}

/** The resources of a file, in order. */
export function resourcesOf(manifest: Manifest): Resource[] {
  return manifest.documents.flatMap((document) => resourcesAt(manifest, document.contents));
}

function resourcesAt(manifest: Manifest, node: unknown): Resource[] {
  const entry = isMap(node) ? manifest.entryOf.get(node) : undefined;
  if (!isMap(node) || entry === undefined) return [];
  const apiVersion = textAt(manifest, node, 'apiVersion');
  const kind = textAt(manifest, node, 'kind');
  if (apiVersion === undefined || kind === undefined) return [];
  const items = kind.endsWith('List') ? lookUp(manifest, node, 'items') : undefined;
  if (isSeq(items)) return items.items.flatMap((item) => resourcesAt(manifest, item));
  const id = identityOf(manifest, node, { apiVersion, kind });
  return [
    { entry, map: node, apiVersion, kind, ...(id ? { id } : {}), ...locksOf(manifest, node) },
  ];
}

function identityOf(
  manifest: Manifest,
  node: YAMLMap,
  type: { apiVersion: string; kind: string },
): ResourceId | undefined {
  const metadata = lookUp(manifest, node, 'metadata');
  const name = textAt(manifest, metadata, 'name');
  const namespace = textAt(manifest, metadata, 'namespace');
  if (name === undefined) return undefined;
  return { ...type, ...(namespace === undefined ? {} : { namespace }), name };
}

/** The resource that an entry belongs to, if any. */
export function enclosingResource(
  resources: ReadonlyMap<TreeNode, Resource>,
  entry: Entry,
): Resource | undefined {
  for (let at: Entry | undefined = entry; at !== undefined; at = at.parent) {
    const resource = resources.get(at.node);
    if (resource) return resource;
  }
  return undefined;
}

function locksOf(manifest: Manifest, node: YAMLMap): Pick<Resource, 'locks' | 'findings'> {
  const annotations = lookUpPath(manifest, node, ['metadata', 'annotations']);
  const text = (key: string): string | undefined => {
    const value = resolved(manifest, lookUp(manifest, annotations, key));
    return value !== undefined && 'value' in value ? String(value.value) : undefined;
  };
  const reads = [
    { key: LOCK_ANNOTATION, part: (name: string) => `${LOCK_ANNOTATION}-${name}` },
    {
      key: FLUX_LOCK_ANNOTATION,
      part: (name: string) => `fluxcd.io/locked_${name === 'by' ? 'user' : 'msg'}`,
    },
  ].flatMap(({ key, part }) => {
    const lock = text(key);
    const place = lookUp(manifest, annotations, key);
    if (lock === undefined || place === undefined) return [];
    // Flux v1 took nothing but "true" for a lock
    if (key === FLUX_LOCK_ANNOTATION && lock !== 'true') return [];
    const until = key === LOCK_ANNOTATION ? text(part('until')) : undefined;
    const at = manifest.locate(spanOf(place).start);
    return [
      readLock({ lock, reason: text(part('reason')), by: text(part('by')), until }, 'workload', at),
    ];
  });
  return {
    locks: reads.flatMap((read) => read.lock ?? []),
    findings: [...reads.flatMap((read) => read.findings), ...strayWords(manifest, annotations)],
  };
}

/** Words about a lock that is not there: somebody believes that it is. */
function strayWords(manifest: Manifest, annotations: unknown): Finding[] {
  if (lookUp(manifest, annotations, LOCK_ANNOTATION)) return [];
  return ['reason', 'by', 'until'].flatMap((word) => {
    const key = `${LOCK_ANNOTATION}-${word}`;
    const place = lookUp(manifest, annotations, key);
    if (!place) return [];
    const at = manifest.locate(spanOf(place).start);
    const message = `${key} locks nothing without ${LOCK_ANNOTATION}`;
    return [{ severity: 'warning', code: 'lock/invalid', message, at }];
  });
}
