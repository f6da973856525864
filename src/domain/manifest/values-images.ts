import { isMap, isScalar, type YAMLMap } from 'yaml';
import { parseImageReference } from '../image-reference.ts';
import { partCandidates, referenceCandidate, type ImageCandidate } from './image-candidate.ts';
import { ownEntry, textAt, textOf } from './yaml-lookup.ts';
import type { Entry, Tree } from './yaml-tree.ts';

/** Whose values: in Cyclops modules `version` stands beside `image`, in Helm's that may be anything. */
export type ValuesKind = 'helm' | 'cyclops';

/**
 * Images of one map of values: `image: r:t`, `image` with `tag` and `registry` beside it, or a map
 * with `repository`, `tag`, `registry` and `digest`, under `image` or any key that ends in `Image`.
 */
export function valuesImages(tree: Tree, entry: Entry, kind: ValuesKind): ImageCandidate[] {
  const map = entry.node;
  if (!isMap(map)) return [];
  return map.items.flatMap((pair) => {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (isMap(pair.value) && /(^i|I)mage$/.test(key)) return imageMap(tree, pair.value);
    if (key === 'image' && isScalar(pair.value)) return imageScalar(tree, map, kind);
    return key.endsWith('Image') ? referenceCandidate(ownEntry(tree, map, key)) : [];
  });
}

function imageMap(tree: Tree, map: YAMLMap): ImageCandidate[] {
  const tagKey = textAt(tree, map, 'tag') === undefined ? 'version' : 'tag';
  return partCandidates(
    {
      registry: textAt(tree, map, 'registry'),
      name: textAt(tree, map, 'repository'),
      tag: textAt(tree, map, tagKey),
      digest: textAt(tree, map, 'digest'),
    },
    { tag: ownEntry(tree, map, tagKey), digest: ownEntry(tree, map, 'digest') },
  );
}

function imageScalar(tree: Tree, map: YAMLMap, kind: ValuesKind): ImageCandidate[] {
  const image = ownEntry(tree, map, 'image');
  const text = textOf(image?.node);
  const reference = text === undefined ? undefined : parseImageReference(text);
  const registry = textAt(tree, map, 'registry');
  if (!reference) return [];
  if ((reference.tag ?? reference.digest) !== undefined) {
    // with the host in another field a full reference written here would name it twice
    return registry === undefined ? referenceCandidate(image) : [];
  }
  const version = kind === 'cyclops' && textAt(tree, map, 'tag') === undefined;
  const tagKey = version ? 'version' : 'tag';
  return partCandidates(
    {
      registry,
      name: text,
      tag: textAt(tree, map, tagKey),
      digest: textAt(tree, map, 'digest'),
    },
    { tag: ownEntry(tree, map, tagKey), digest: ownEntry(tree, map, 'digest') },
  );
}
