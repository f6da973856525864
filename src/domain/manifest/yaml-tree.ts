import { isAlias, isCollection, isMap, isScalar, Scalar } from 'yaml';
import type { Alias, Document, Node, YAMLMap, YAMLSeq } from 'yaml';
import type { Span } from './image-field.ts';

/** A node that has a place of its own in a file. */
export type TreeNode = AnchoredNode | Alias;

/** A node that an alias can stand for: never another alias. */
export type AnchoredNode = Scalar | YAMLMap | YAMLSeq;

/**
 * One node of a file, in source order. An alias is a leaf: nothing is ever expanded, so a file costs
 * what it is long, whatever its aliases would unfold to.
 */
export interface Entry {
  readonly node: TreeNode;
  /** Which document of the file, from 0. */
  readonly document: number;
  readonly role: 'key' | 'value';
  /** The collection that holds the node; absent at a document's root. */
  readonly parent: Entry | undefined;
  /** Key or index in the parent. */
  readonly step: string | number | undefined;
  /** Does the node stand between brackets or braces? Commas and brackets end plain scalars there. */
  readonly inFlow: boolean;
}

/** A problem of the tree that the parser leaves to its caller. */
export interface TreeFault {
  readonly offset: number;
  readonly message: string;
}

/** All nodes of a file, flat. */
export interface Tree {
  readonly entries: readonly Entry[];
  readonly entryOf: ReadonlyMap<TreeNode, Entry>;
  /** What each alias stands for: the nearest anchor of that name before it. */
  readonly targets: ReadonlyMap<Alias, AnchoredNode>;
  readonly faults: readonly TreeFault[];
}

/** Walks every document once. The depth is the parser's business: see `parseManifest`. */
export function flattenDocuments(documents: readonly Document[]): Tree {
  const walk = new TreeWalk();
  for (const document of documents) walk.document(document);
  return walk;
}

class TreeWalk implements Tree {
  readonly entries: Entry[] = [];
  readonly entryOf = new Map<TreeNode, Entry>();
  readonly targets = new Map<Alias, AnchoredNode>();
  readonly faults: TreeFault[] = [];
  #anchors = new Map<string, AnchoredNode>();
  #document = -1;

  document(document: Document): void {
    this.#anchors = new Map();
    this.#document += 1;
    this.#visit(document.contents, { role: 'value', parent: undefined, step: undefined });
  }

  #visit(node: unknown, place: Pick<Entry, 'role' | 'parent' | 'step'>): void {
    if (!isTreeNode(node)) return;
    const inFlow = place.parent !== undefined && isFlow(place.parent);
    const entry: Entry = { node, document: this.#document, ...place, inFlow };
    this.entries.push(entry);
    this.entryOf.set(node, entry);
    if (isAlias(node)) this.#resolve(node);
    else if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) this.#visitPairs(entry, node);
    else if (isCollection(node)) {
      node.items.forEach((item, step) => this.#visit(item, { role: 'value', parent: entry, step }));
    }
  }

  #visitPairs(parent: Entry, map: YAMLMap): void {
    const seen = new Set<string>();
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
      if (key !== undefined && key !== '<<' && seen.has(key)) {
        this.faults.push({
          offset: spanOf(pair.key as Scalar).start,
          message: `the key ${JSON.stringify(key)} is there twice`,
        });
      }
      if (key !== undefined) seen.add(key);
      this.#visit(pair.key, { role: 'key', parent, step: key });
      this.#visit(pair.value, { role: 'value', parent, step: key });
    }
  }

  #resolve(alias: Alias): void {
    const target = this.#anchors.get(alias.source);
    if (target !== undefined) this.targets.set(alias, target);
    else {
      this.faults.push({
        offset: spanOf(alias).start,
        message: `the alias *${alias.source} has no anchor before it`,
      });
    }
  }
}

function isTreeNode(node: unknown): node is TreeNode {
  return isScalar(node) || isAlias(node) || isCollection(node);
}

function isFlow(entry: Entry): boolean {
  return entry.inFlow || (isCollection(entry.node) && entry.node.flow === true);
}

/** Source range of a node: a scalar's includes its quotes, none includes anchor, tag or comment. */
export function spanOf(node: Node): Span {
  const range = node.range;
  if (!range) throw new TypeError('a parsed node has a range');
  return { start: range[0], end: range[1] };
}

/** Keys and indexes from the document's root to an entry. */
export function keyPathOf(entry: Entry): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Entry | undefined = entry; at?.parent !== undefined; at = at.parent) {
    path.unshift(at.step ?? '?');
  }
  return path;
}

/** Is it a literal (`|`) or folded (`>`) scalar? */
export function isBlockScalar(node: TreeNode): node is Scalar<string> {
  return (
    isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)
  );
}

/** Scalars and aliases, in source order. */
export function leavesOf(tree: Tree): Entry[] {
  return tree.entries.filter(({ node }) => !isCollection(node));
}

/** Index of the last leaf that starts before an offset, -1 for none; leaves are in source order. */
export function lastStartingBefore(leaves: readonly Entry[], offset: number): number {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const leaf = leaves[middle];
    if (leaf && spanOf(leaf.node).start <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
