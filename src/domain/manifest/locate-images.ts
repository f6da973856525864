import { isMap } from 'yaml';
import { argoSourceImages, isArgoSource } from './argo-images.ts';
import { embeddedValuesImages } from './embedded-values.ts';
import type { ImageCandidate } from './image-candidate.ts';
import { kustomizeImages } from './kustomize-images.ts';
import type { LocatedField } from './locate-marked.ts';
import type { Manifest } from './parse-manifest.ts';
import { podImages } from './pod-images.ts';
import type { Resource } from './resources.ts';
import { scalarContent } from './scalar-content.ts';
import { valuesImages, type ValuesKind } from './values-images.ts';
import { lookUp, lookUpPath } from './yaml-lookup.ts';
import { keyPathOf, type Entry, type TreeNode } from './yaml-tree.ts';

/** What a part of a file is read as; its children inherit it. */
type Region = ValuesKind | 'argo' | 'kubernetes' | 'ignored';

/** API groups whose resources describe images and deploy none: our own and Flux's. */
const IMAGE_GROUPS = ['lockkeeper.dev/', 'image.toolkit.fluxcd.io/'];

/**
 * Finds image fields that carry no marker, by the shape of the YAML around them (DESIGN, "Where images
 * stand in YAML"). Files in or named as hidden ones (`.github/`, `.gitlab-ci.yml`) are nobody's deployment.
 */
export function locateImages(
  manifest: Manifest,
  resources: readonly Resource[],
  claimed: ReadonlySet<Entry>,
): LocatedField[] {
  if (/(^|\/)\.[^/]/.test(manifest.path)) return [];
  const taken = new Set<Entry | number>(claimed);
  return candidatesIn(manifest, resources).flatMap((candidate) => {
    const content = candidate.within ?? scalarContent(manifest, candidate.entry.node);
    if (typeof content === 'string') return [];
    if (taken.has(candidate.entry) || taken.has(content.span.start)) return [];
    taken.add(content.span.start);
    return [locatedField(manifest, candidate, content)];
  });
}

function locatedField(
  manifest: Manifest,
  { entry, part, current, separateDigest, within }: ImageCandidate,
  { span, value }: Pick<LocatedField['field'], 'span' | 'value'>,
): LocatedField {
  return {
    entry,
    field: {
      at: manifest.locate(span.start),
      document: entry.document,
      keyPath: [...keyPathOf(entry), ...(within?.keyPath ?? [])],
      part,
      value,
      current,
      separateDigest,
      locks: [],
      span,
    },
  };
}

function candidatesIn(manifest: Manifest, resources: readonly Resource[]): ImageCandidate[] {
  const starts = regionStarts(manifest, resources);
  const regions = new Map<Entry, Region>();
  const candidates: ImageCandidate[] = [];
  for (const entry of manifest.entries) {
    const inherited = entry.parent && regions.get(entry.parent);
    const region = isArgoValues(entry, inherited)
      ? 'helm'
      : (starts.get(entry.node) ?? inherited ?? 'kubernetes');
    regions.set(entry, region);
    if (region !== 'ignored') candidates.push(...entryCandidates(manifest, entry, region));
  }
  for (const root of kustomizations(manifest, resources)) {
    candidates.push(...kustomizeImages(manifest, root));
  }
  return candidates;
}

/** `helm.valuesObject` of an Argo CD source. */
function isArgoValues(entry: Entry, region: Region | undefined): boolean {
  return region === 'argo' && entry.step === 'valuesObject' && entry.parent?.step === 'helm';
}

function entryCandidates(manifest: Manifest, entry: Entry, region: Region): ImageCandidate[] {
  if (entry.role === 'key') return [];
  const pods = podImages(manifest, entry);
  if (region === 'argo') return [...pods, ...argoCandidates(manifest, entry)];
  if (region !== 'helm' && region !== 'cyclops') return pods;
  return [...pods, ...valuesImages(manifest, entry, region)];
}

function argoCandidates(manifest: Manifest, entry: Entry): ImageCandidate[] {
  if (entry.step === 'values' && entry.parent?.step === 'helm') {
    return embeddedValuesImages(manifest, entry);
  }
  return isMap(entry.node) && isArgoSource(entry) ? argoSourceImages(manifest, entry.node) : [];
}

/** Where something begins that is read otherwise than its surroundings. */
function regionStarts(
  manifest: Manifest,
  resources: readonly Resource[],
): ReadonlyMap<TreeNode, Region> {
  const starts = new Map<TreeNode, Region>();
  const start = (node: unknown, region: Region): void => {
    if (isMap(node)) starts.set(node, region);
  };
  if (!isKustomizationFile(manifest.path)) {
    const stated = new Set(resources.map(({ entry }) => entry.document));
    for (const [index, { contents }] of manifest.documents.entries()) {
      if (!stated.has(index)) start(contents, 'helm');
    }
  }
  for (const { map, apiVersion, kind } of resources) {
    const values = valuesRegion(apiVersion, kind);
    if (values !== undefined) start(lookUpPath(manifest, map, ['spec', 'values']), values);
    if (IMAGE_GROUPS.some((group) => apiVersion.startsWith(group))) start(map, 'ignored');
    if (isArgoApplication(apiVersion, kind)) start(map, 'argo');
  }
  return starts;
}

/** How `spec.values` of a resource is read, if it is values. */
function valuesRegion(apiVersion: string, kind: string): ValuesKind | undefined {
  if (kind === 'HelmRelease') return 'helm';
  return kind === 'Module' && apiVersion.startsWith('cyclops-ui.com/') ? 'cyclops' : undefined;
}

function isArgoApplication(apiVersion: string, kind: string): boolean {
  return apiVersion.startsWith('argoproj.io/') && kind.startsWith('Application');
}

function kustomizations(manifest: Manifest, resources: readonly Resource[]): Resource['map'][] {
  const declared = resources.filter(
    ({ apiVersion, kind }) =>
      apiVersion.startsWith('kustomize.config.k8s.io/') &&
      (kind === 'Kustomization' || kind === 'Component'),
  );
  const fluxed = resources.filter(({ apiVersion }) =>
    apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'),
  );
  const specs = fluxed.map(({ map }) => lookUp(manifest, map, 'spec'));
  const bare =
    isKustomizationFile(manifest.path) && resources.length === 0 ? manifest.documents : [];
  return [
    ...declared.map(({ map }) => map),
    ...specs,
    ...bare.map(({ contents }) => contents),
  ].filter((node) => isMap(node));
}

/** Kustomize takes a file of its own names for a kustomization even when it states no kind. */
function isKustomizationFile(path: string): boolean {
  return /(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(path);
}
