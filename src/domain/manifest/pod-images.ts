import { isMap, isSeq } from 'yaml';
import { referenceCandidate, type ImageCandidate } from './image-candidate.ts';
import { ownEntry } from './yaml-lookup.ts';
import type { Entry, Tree } from './yaml-tree.ts';

const CONTAINER_LISTS: ReadonlySet<unknown> = new Set([
  'containers',
  'initContainers',
  'ephemeralContainers',
]);

/**
 * The image of one container or image volume. A PodSpec is known by its lists, whatever kind holds it:
 * Deployment, CronJob, Rollout, PodTemplate or anybody's custom resource.
 */
export function podImages(tree: Tree, entry: Entry): ImageCandidate[] {
  if (!isMap(entry.node) || !isSeq(entry.parent?.node)) return [];
  const list = entry.parent.step;
  if (CONTAINER_LISTS.has(list)) return referenceCandidate(ownEntry(tree, entry.node, 'image'));
  const image = list === 'volumes' ? ownEntry(tree, entry.node, 'image')?.node : undefined;
  return isMap(image) ? referenceCandidate(ownEntry(tree, image, 'reference')) : [];
}
