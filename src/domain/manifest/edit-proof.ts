import { isAlias, isCollection, isMap, isScalar, Scalar } from 'yaml';
import { AppError } from '../errors.ts';
import type { Location } from '../errors.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { spanOf, type Entry, type TreeNode } from './yaml-tree.ts';

/** A part of a text and what takes its place. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies splices to a text. They must not overlap; of two at one place the earlier comes first. */
export function spliceText(text: string, splices: readonly Splice[]): string {
  let result = '';
  let at = 0;
  for (const splice of splices.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < at) throw new RangeError('splices overlap');
    result += text.slice(at, splice.start) + splice.text;
    at = splice.end;
  }
  return result + text.slice(at);
}

/** What must be true of an edited file. */
export interface Intent {
  /** New values by node of the file before. */
  readonly values?: ReadonlyMap<TreeNode, string>;
  /** Entries that may come, go and change: asked once for the file before and once for the edited one. */
  readonly ignored?: (manifest: Manifest) => (entry: Entry) => boolean;
  /** Comments before, as they should be after; the same by default. */
  readonly comments?: readonly string[];
  /** The place that a refusal names. */
  readonly at: Location;
}

/**
 * Proves an edit: the edited text parses, and node by node (kind, tag, anchor, style, value) and
 * comment by comment it is what was there before but for the intended change.
 * @throws AppError `manifest/unprovable`, and then nothing may be written
 */
export function proveEdit(before: Manifest, text: string, intent: Intent): Manifest {
  const after = reparsed(before, text, intent.at);
  const expected = countedEntries(before, intent);
  const actual = countedEntries(after, intent);
  if (expected.length !== actual.length) throw unprovable(intent.at);
  expected.forEach((entry, index) => {
    const other = actual[index];
    if (!other || !isSameNode(entry, other, intent)) {
      throw unprovable(before.locate(spanOf(entry.node).start));
    }
  });
  const comments = intent.comments ?? before.comments.map((comment) => comment.source);
  const found = after.comments.map((comment) => comment.source);
  if (comments.join('\n') !== found.join('\n')) throw unprovable(intent.at);
  return after;
}

function countedEntries(manifest: Manifest, intent: Intent): readonly Entry[] {
  const isIgnored = intent.ignored?.(manifest);
  return isIgnored ? manifest.entries.filter((entry) => !isIgnored(entry)) : manifest.entries;
}

function reparsed(before: Manifest, text: string, at: Location): Manifest {
  try {
    return parseManifest(before.path, text);
  } catch (error) {
    throw unprovable(at, error);
  }
}

function isSameNode(before: Entry, after: Entry, intent: Intent): boolean {
  const [a, b] = [before.node, after.node];
  if (shapeOf(before) !== shapeOf(after)) return false;
  const edited = intent.values?.get(a);
  if (edited === undefined) return valueOf(a) === valueOf(b) && styleOf(a) === styleOf(b);
  const styleFits = styleOf(a) === styleOf(b) || styleOf(b) === Scalar.QUOTE_DOUBLE;
  return valueOf(b) === edited && styleFits;
}

/** Place, kind and properties; with kind and order, depth fixes the shape of a tree. */
function shapeOf(entry: Entry): string {
  const { role, document, inFlow, node } = entry;
  const anchor = 'anchor' in node ? node.anchor : undefined;
  return JSON.stringify([role, document, inFlow, depthOf(entry), kindOf(node), node.tag, anchor]);
}

function kindOf(node: TreeNode): string {
  if (isAlias(node)) return 'alias';
  if (isScalar(node)) return 'scalar';
  return isMap(node) ? 'map' : 'sequence';
}

function valueOf(node: TreeNode): unknown {
  if (isAlias(node)) return node.source;
  return isScalar(node) ? node.value : undefined;
}

function styleOf(node: TreeNode): unknown {
  if (isScalar(node)) return node.type;
  return isCollection(node) && node.flow === true;
}

function depthOf(entry: Entry): number {
  let depth = 0;
  for (let at = entry.parent; at !== undefined; at = at.parent) depth += 1;
  return depth;
}

/** The refusal to write what cannot be shown to be right. */
export function unprovable(at: Location, cause?: unknown): AppError {
  const message =
    'cannot be changed without changing something else; edit it by hand or write it more plainly';
  return new AppError('manifest/unprovable', message, { at, cause });
}
