import { isMap, type YAMLMap } from 'yaml';
import { partCandidates, type ImageCandidate } from './image-candidate.ts';
import { itemEntries, lookUp, ownEntry, textAt } from './yaml-lookup.ts';
import type { Tree } from './yaml-tree.ts';

/** `images[]` of a kustomization: the new name, else the name, says which image it is. */
export function kustomizeImages(tree: Tree, kustomization: YAMLMap): ImageCandidate[] {
  return itemEntries(tree, lookUp(tree, kustomization, 'images')).flatMap(({ node }) => {
    if (!isMap(node)) return [];
    return partCandidates(
      {
        name: textAt(tree, node, 'newName') ?? textAt(tree, node, 'name'),
        tag: textAt(tree, node, 'newTag'),
        digest: textAt(tree, node, 'digest'),
      },
      { tag: ownEntry(tree, node, 'newTag'), digest: ownEntry(tree, node, 'digest') },
    );
  });
}
