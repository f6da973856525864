import { isMap, isSeq, type YAMLMap } from 'yaml';
import { parseImageReference } from '../image-reference.ts';
import { partCandidates, referenceCandidate, type ImageCandidate } from './image-candidate.ts';
import { itemEntries, lookUp, ownEntry, textAt, textOf } from './yaml-lookup.ts';
import type { Manifest } from './parse-manifest.ts';
import { tailContent } from './scalar-content.ts';
import type { Entry } from './yaml-tree.ts';

/** Is it a source of an Argo CD Application (or of an ApplicationSet's template)? */
export function isArgoSource(entry: Entry): boolean {
  if (!isMap(entry.node)) return false;
  return entry.step === 'source' || (entry.parent?.step === 'sources' && isSeq(entry.parent.node));
}

/** `helm.parameters[]` and `kustomize.images[]` of one source. Its values are located as values. */
export function argoSourceImages(manifest: Manifest, source: YAMLMap): ImageCandidate[] {
  const images = lookUp(manifest, lookUp(manifest, source, 'kustomize'), 'images');
  return [
    ...parameterImages(manifest, lookUp(manifest, lookUp(manifest, source, 'helm'), 'parameters')),
    ...itemEntries(manifest, images).flatMap((entry) => kustomizeOption(manifest, entry)),
  ];
}

/** Parameters are values by dotted name: `image.repository` says which image `image.tag` is of. */
function parameterImages(manifest: Manifest, parameters: unknown): ImageCandidate[] {
  const values = new Map<string, Entry>();
  for (const { node } of itemEntries(manifest, parameters)) {
    const name = textAt(manifest, node, 'name');
    const value = isMap(node) ? ownEntry(manifest, node, 'value') : undefined;
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  const text = (name: string): string | undefined => textOf(values.get(name)?.node);
  return [...values.keys()].flatMap((name) => {
    if (name === 'image' || name.endsWith('.image')) {
      const tag = `${name.slice(0, -'image'.length)}tag`;
      if (!values.has(tag)) return referenceCandidate(values.get(name));
      return partCandidates(
        { name: text(name), tag: text(tag), digest: undefined },
        { tag: values.get(tag), digest: undefined },
      );
    }
    if (!name.endsWith('.repository')) return [];
    const prefix = name.slice(0, -'repository'.length);
    return partCandidates(
      {
        registry: text(`${prefix}registry`),
        name: text(name),
        tag: text(`${prefix}tag`),
        digest: text(`${prefix}digest`),
      },
      { tag: values.get(`${prefix}tag`), digest: values.get(`${prefix}digest`) },
    );
  });
}

/** `name:tag` or `name=newname:tag`: of the latter only what stands behind `=` is the image. */
function kustomizeOption(manifest: Manifest, entry: Entry): ImageCandidate[] {
  const text = textOf(entry.node);
  const cut = text?.indexOf('=') ?? -1;
  if (text === undefined || cut === -1) return referenceCandidate(entry);
  const current = parseImageReference(text.slice(cut + 1));
  const content = tailContent(manifest, entry.node, cut + 1);
  if (!current || !content || (current.tag ?? current.digest) === undefined) return [];
  const within = { ...content, keyPath: [] };
  return [{ entry, part: 'reference', current, separateDigest: false, within }];
}
