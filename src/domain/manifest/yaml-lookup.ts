import { isAlias, isMap, isScalar, isSeq, Scalar } from 'yaml';
import type { Pair, YAMLMap } from 'yaml';
import type { AnchoredNode, Entry, Tree, TreeNode } from './yaml-tree.ts';

/** What an alias stands for; any other node itself. */
export function resolved(tree: Tree, node: unknown): AnchoredNode | undefined {
  if (isAlias(node)) return tree.targets.get(node);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

/** The pair of a key that stands in this very map, so that it may be edited here. */
export function ownPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/**
 * The value of a key as a loader would see it: through aliases and merge keys. Each map is looked into
 * once, however many merges lead to it: some make loops, and others would be thousands of millions.
 */
export function lookUp(tree: Tree, node: unknown, key: string): AnchoredNode | undefined {
  const seen = new Set<YAMLMap>();
  const next = [node];
  while (next.length > 0) {
    const map = resolved(tree, next.pop());
    if (!isMap(map) || seen.has(map)) continue;
    seen.add(map);
    const own = ownPair(map, key);
    if (own) return resolved(tree, own.value);
    const merged = resolved(tree, ownPair(map, '<<')?.value);
    // The last is taken first.
    for (const source of isSeq(merged) ? merged.items.toReversed() : [merged]) next.push(source);
  }
  return undefined;
}

/** The value along a path of keys; see {@link lookUp}. */
export function lookUpPath(tree: Tree, node: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((at, key) => lookUp(tree, at, key), node);
}

/** The text of a scalar; undefined for anything else, for null and for the empty string. */
export function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || typeof node.value !== 'string' || node.value === '') return undefined;
  return isNull(node) ? undefined : node.value;
}

/** Would the scalar load as null? */
export function isNull(node: Scalar): boolean {
  return (
    (node.type === undefined || node.type === Scalar.PLAIN) &&
    /^(~|null|Null|NULL)?$/.test(String(node.value))
  );
}

/** The text behind a key; see {@link lookUp} and {@link textOf}. */
export function textAt(tree: Tree, node: unknown, key: string): string | undefined {
  return textOf(lookUp(tree, node, key));
}

/** The entry of a key's value that stands in this very map. */
export function ownEntry(tree: Tree, map: YAMLMap, key: string): Entry | undefined {
  const value = ownPair(map, key)?.value;
  return value === undefined || value === null ? undefined : tree.entryOf.get(value as TreeNode);
}

/** Entries of a sequence's items; none where the node is no sequence. */
export function itemEntries(tree: Tree, node: unknown): Entry[] {
  if (!isSeq(node)) return [];
  return node.items.flatMap((item) => tree.entryOf.get(item as TreeNode) ?? []);
}

/** Does an entry stand at or below another? */
export function isWithin(entry: Entry, ancestor: Entry): boolean {
  for (let at: Entry | undefined = entry; at !== undefined; at = at.parent) {
    if (at === ancestor) return true;
  }
  return false;
}
