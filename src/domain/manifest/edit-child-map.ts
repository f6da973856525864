import { isMap, isScalar, type YAMLMap } from 'yaml';
import { AppError, type Location } from '../errors.ts';
import { proveEdit, spliceText, unprovable, type Splice } from './edit-proof.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { isNull, isWithin, ownPair } from './yaml-lookup.ts';
import {
  blockLinesOf,
  flowBody,
  indentOf,
  insertInFlow,
  insertLines,
  keysOf,
  pairSpan,
  removePairs,
  setPairs,
  type PairValues,
} from './yaml-pairs.ts';
import { spanOf, type Entry, type TreeNode } from './yaml-tree.ts';

/** A map in a map of a resource, such as `annotations` in `metadata`, whether it is there or not. */
export interface ChildMapPlace {
  /** Finds the resource anew in each version of the text. */
  readonly resource: (manifest: Manifest) => YAMLMap;
  readonly container: string;
  readonly child: string;
  /** Key of the container behind which the child is put when it is new. */
  readonly after: string;
}

/** A place in one version of a text. */
interface Found {
  readonly manifest: Manifest;
  readonly container: YAMLMap;
  readonly child: TreeNode | undefined;
  /** Where the child's key ends, or the container's where there is no child. */
  readonly opening: number;
}

/** What is done to a place; only `keys` of its child may differ afterwards. */
interface Edit {
  readonly splices: readonly Splice[];
  readonly keys: ReadonlySet<string>;
  /** Is the child a map before and after? */
  readonly childStays: boolean;
}

/**
 * Gives keys of a child map values, and makes the map where there is none.
 * @throws AppError `manifest/unprovable` where that cannot be done without changing something else
 */
export function setChildKeys(
  path: string,
  text: string,
  place: ChildMapPlace,
  values: PairValues,
): string {
  const found = findPlace(path, text, place);
  const { manifest, child } = found;
  const splices = isMap(child)
    ? setPairs(manifest, child, values, found.opening)
    : [newChild(found, place, values)];
  const { result, after } = applyEdit(found, place, {
    splices,
    keys: new Set(values.keys()),
    childStays: isMap(child),
  });
  for (const [key, value] of values) {
    const written = isMap(after.child) ? ownPair(after.child, key)?.value : undefined;
    if (!isScalar(written) || written.value !== String(value)) throw unprovable(startOf(found));
  }
  return result;
}

/**
 * Takes keys out of a child map. A map left empty goes, too; but `{}` in a block map stays.
 * @returns undefined when none of the keys is there
 */
export function removeChildKeys(
  path: string,
  text: string,
  place: ChildMapPlace,
  isRemoved: (key: string) => boolean,
): string | undefined {
  const found = findPlace(path, text, place);
  const { manifest, container, child } = found;
  if (!isMap(child)) return undefined;
  const keys = new Set(keysOf(child).filter(isRemoved));
  if (keys.size === 0) return undefined;
  const goes = keys.size === child.items.length && (child.flow !== true || container.flow === true);
  const splices = goes
    ? removePairs(manifest, container, new Set([place.child]))
    : removePairs(manifest, child, keys);
  return applyEdit(found, place, { splices, keys, childStays: !goes }).result;
}

/** Takes a child out of its container. @returns undefined when it is not there */
export function removeChild(path: string, text: string, place: ChildMapPlace): string | undefined {
  const found = findPlace(path, text, place);
  const { manifest, container, child } = found;
  if (child === undefined) return undefined;
  const splices = removePairs(manifest, container, new Set([place.child]));
  const keys = new Set(isMap(child) ? keysOf(child) : []);
  return applyEdit(found, place, { splices, keys, childStays: false }).result;
}

function findPlace(path: string, text: string, place: ChildMapPlace): Found {
  const manifest = parseManifest(path, text);
  const found = placeIn(manifest, place);
  const ends = [found.container, found.child].flatMap(
    (node) => (node && manifest.entryOf.get(node)) ?? [],
  );
  const shared = [...manifest.targets.values()].some((target) => {
    const outer = manifest.entryOf.get(target);
    return outer !== undefined && ends.some((inner) => isWithin(inner, outer));
  });
  if (shared) throw refusal(found, `${place.child} is shared through an anchor`);
  const { child } = found;
  if (child !== undefined && !isMap(child) && !(isScalar(child) && isNull(child))) {
    throw refusal(found, `${place.child} is not a map that can be edited in place`);
  }
  return found;
}

function placeIn(manifest: Manifest, place: ChildMapPlace): Found {
  const resource = place.resource(manifest);
  const outer = ownPair(resource, place.container);
  const container = outer?.value;
  if (!outer || !isMap(container)) {
    throw refusal({ manifest, container: resource }, `${place.container} is not a map of its own`);
  }
  const inner = ownPair(container, place.child);
  const child = (inner?.value ?? undefined) as TreeNode | undefined;
  return { manifest, container, child, opening: spanOf((inner ?? outer).key as TreeNode).end };
}

/** The splice that makes the child: a line of its own and its keys below, or braces in braces. */
function newChild(
  { manifest, container, child, opening }: Found,
  place: ChildMapPlace,
  values: PairValues,
): Splice {
  const body = `{${flowBody(values)}}`;
  if (child !== undefined && spanOf(child).start < spanOf(child).end) {
    return { ...spanOf(child), text: body };
  }
  if (container.flow === true) {
    return insertInFlow(container, `${JSON.stringify(place.child)}: ${body}`);
  }
  const indent = indentOf(manifest, container);
  const lines = blockLinesOf(values, indent + ' '.repeat(stepOf(manifest, container)));
  if (child !== undefined) return insertLines(manifest, opening, lines);
  const sibling = ownPair(container, place.after);
  const head = values.size === 0 ? `${indent}${place.child}: {}` : `${indent}${place.child}:`;
  return insertLines(manifest, sibling ? pairSpan(sibling).end : opening, [head, ...lines]);
}

/** By how much the file indents, as between the map and what it is in. */
function stepOf(manifest: Manifest, map: YAMLMap): number {
  const outer = manifest.entryOf.get(map)?.parent?.node ?? map;
  const column = (node: TreeNode): number => manifest.locate(spanOf(node).start).column;
  return Math.max(column(map) - column(outer), 1);
}

/** Splices and proves: outside of the place's keys nothing may differ. */
function applyEdit(
  found: Found,
  place: ChildMapPlace,
  { splices, keys, childStays }: Edit,
): { result: string; after: Found } {
  const { manifest } = found;
  const result = spliceText(manifest.text, splices);
  const comments = manifest.comments
    .filter(({ start }) => !splices.some((splice) => splice.start <= start && start < splice.end))
    .map(({ source }) => source);
  const after = proveEdit(manifest, result, {
    at: startOf(found),
    comments,
    ignored: (version) => {
      const top = version.entryOf.get(placeIn(version, place).container);
      return (entry) => isEdited(entry, { top, child: place.child, keys, childStays });
    },
  });
  return { result, after: placeIn(after, place) };
}

/** Is the entry one of the keys at stake, or the child itself where that comes or goes? */
function isEdited(
  entry: Entry,
  scope: {
    readonly top: Entry | undefined;
    readonly child: string;
    readonly keys: ReadonlySet<string>;
    readonly childStays: boolean;
  },
): boolean {
  let at: Entry | undefined = entry;
  let below: Entry | undefined;
  while (at !== undefined && at.parent !== scope.top) [below, at] = [at, at.parent];
  if (at === undefined || at.step !== scope.child) return false;
  return below === undefined ? !scope.childStays : scope.keys.has(String(below.step));
}

function startOf({ manifest, container }: Pick<Found, 'manifest' | 'container'>): Location {
  return manifest.locate(spanOf(container).start);
}

function refusal(found: Pick<Found, 'manifest' | 'container'>, reason: string): AppError {
  const at = startOf(found);
  return new AppError('manifest/unprovable', `${reason}; edit it by hand`, {
    at,
  });
}
