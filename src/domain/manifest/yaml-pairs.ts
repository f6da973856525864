import { isCollection, isScalar, type Pair, type YAMLMap } from 'yaml';
import type { Splice } from './edit-proof.ts';
import type { Span } from './image-field.ts';
import type { Manifest } from './parse-manifest.ts';
import { doubleQuoted } from './scalar-source.ts';
import { ownPair } from './yaml-lookup.ts';
import { isBlockScalar, spanOf, type TreeNode } from './yaml-tree.ts';

/** Keys and values in the order to write them: strings, double quoted, or a bare `true`. */
export type PairValues = ReadonlyMap<string, string | true>;

/** Splices that take pairs out of a map, which may become empty. Block pairs go with their lines. */
export function removePairs(manifest: Manifest, map: YAMLMap, keys: ReadonlySet<string>): Splice[] {
  const isGone = (pair: Pair): boolean => isScalar(pair.key) && keys.has(String(pair.key.value));
  const firstKept = map.items.findIndex((pair) => !isGone(pair));
  return map.items.flatMap((pair, index) => {
    if (!isGone(pair)) return [];
    if (map.flow !== true) return [{ ...linesOf(manifest.text, pairSpan(pair)), text: '' }];
    const { start, end } = pairSpan(pair);
    const [previous, next] = [map.items[index - 1], map.items[index + 1]];
    // up to the first pair that stays the comma goes from behind, after it from before
    if (previous && firstKept !== -1 && firstKept < index) {
      return [{ start: pairSpan(previous).end, end, text: '' }];
    }
    return [{ start, end: next ? pairSpan(next).start : end, text: '' }];
  });
}

/**
 * Splices that give keys new values: over the old ones, or as new pairs after those. Where a block map
 * has none of the keys, the pairs go behind the line of `opening`, above any comment on its first key.
 */
export function setPairs(
  manifest: Manifest,
  map: YAMLMap,
  values: PairValues,
  opening: number,
): Splice[] {
  const replaced = [...values].flatMap(([key, value]) => {
    const node = ownPair(map, key)?.value;
    return isReplaceable(node) ? [{ ...spanOf(node), text: sourceOf(value) }] : [];
  });
  const missing = new Map([...values].filter(([key]) => ownPair(map, key) === undefined));
  if (missing.size === 0) return replaced;
  if (map.flow === true) return [...replaced, insertInFlow(map, flowBody(missing))];
  const sibling = map.items.findLast(
    (pair) => isScalar(pair.key) && values.has(String(pair.key.value)) && isReplaceable(pair.value),
  );
  const behind = sibling ? pairSpan(sibling).end : opening;
  const lines = blockLinesOf(missing, indentOf(manifest, map));
  return [...replaced, insertLines(manifest, behind, lines)];
}

/** Can the value be changed without touching its pair? */
function isReplaceable(value: unknown): value is TreeNode {
  if (!isScalar(value) || isBlockScalar(value)) return false;
  const { start, end } = spanOf(value);
  return start < end;
}

/** A splice that adds pairs at the end of a flow map. */
export function insertInFlow(map: YAMLMap, body: string): Splice {
  const last = map.items.at(-1);
  const at = last ? pairSpan(last).end : spanOf(map).start + 1;
  return { start: at, end: at, text: last ? `, ${body}` : body };
}

/** What stands before the keys of a block map that starts on a line of its own. */
export function indentOf(manifest: Manifest, map: YAMLMap): string {
  return ' '.repeat(manifest.locate(spanOf(map).start).column - 1);
}

/** Keys of a map, as text. */
export function keysOf(map: YAMLMap): string[] {
  return map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : '?'));
}

/** Pairs as they stand between braces; keys are quoted, so that JSON stays JSON. */
export function flowBody(values: PairValues): string {
  return [...values].map(([key, value]) => `${doubleQuoted(key)}: ${sourceOf(value)}`).join(', ');
}

/** Pairs as lines of a block map. */
export function blockLinesOf(values: PairValues, indent: string): string[] {
  return [...values].map(([key, value]) => `${indent}${key}: ${sourceOf(value)}`);
}

function sourceOf(value: string | true): string {
  return value === true ? 'true' : doubleQuoted(value);
}

/** A splice that puts lines behind the line of an offset, with the file's own line ends. */
export function insertLines(manifest: Manifest, offset: number, lines: readonly string[]): Splice {
  const { text } = manifest;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const newline = text.indexOf('\n', offset);
  if (newline !== -1) {
    const at = newline + 1;
    return { start: at, end: at, text: lines.map((line) => line + eol).join('') };
  }
  return { start: text.length, end: text.length, text: lines.map((line) => eol + line).join('') };
}

/** Key and value of a pair, without what follows them. */
export function pairSpan(pair: Pair): Span {
  const key = pair.key as TreeNode;
  const value = pair.value as TreeNode | null;
  return { start: spanOf(key).start, end: value === null ? spanOf(key).end : contentEnd(value) };
}

/** Where the content of a node ends: a block collection's own range takes in what follows it. */
function contentEnd(node: TreeNode): number {
  const items: readonly unknown[] = isCollection(node) && node.flow !== true ? node.items : [];
  const last = items.at(-1) as TreeNode | Pair | undefined;
  if (last === undefined) return spanOf(node).end;
  return 'key' in last ? pairSpan(last).end : contentEnd(last);
}

/** Whole lines from a span's first to its last; of a file's last line its break before goes along. */
function linesOf(text: string, span: Span): Span {
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', Math.max(span.end - 1, span.start));
  if (newline !== -1) return { start, end: newline + 1 };
  const before = text.slice(0, start).replace(/\r?\n$/, '');
  return { start: before.length, end: text.length };
}
