import { isCollection, isMap, isScalar, type Pair, type YAMLMap } from 'yaml';
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

/** Splices that give keys new values: over the old ones, or as new pairs after those or at the front. */
export function setPairs(manifest: Manifest, map: YAMLMap, values: PairValues): Splice[] {
  const replaced = [...values].flatMap(([key, value]) => {
    const node = ownPair(map, key)?.value;
    return isReplaceable(node) ? [{ ...spanOf(node), text: sourceOf(value) }] : [];
  });
  const missing = new Map([...values].filter(([key]) => ownPair(map, key) === undefined));
  if (missing.size === 0) return replaced;
  const inserted =
    map.flow === true
      ? flowInsertion(map, missing)
      : blockInsertion(manifest, map, { values, missing });
  return [...replaced, inserted];
}

/** Can the value be changed without touching its pair? */
function isReplaceable(value: unknown): value is TreeNode {
  if (!isScalar(value) || isBlockScalar(value)) return false;
  const { start, end } = spanOf(value);
  return start < end;
}

function flowInsertion(map: YAMLMap, missing: PairValues): Splice {
  const last = map.items.at(-1);
  const body = flowBody(missing);
  const at = last ? pairSpan(last).end : spanOf(map).start + 1;
  return { start: at, end: at, text: last ? `, ${body}` : body };
}

/** Keys of a map, as text. */
export function keysOf(map: YAMLMap): string[] {
  return map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : '?'));
}

/** Pairs as they stand between braces; keys are quoted, so that JSON stays JSON. */
export function flowBody(values: PairValues): string {
  return [...values].map(([key, value]) => `${doubleQuoted(key)}: ${sourceOf(value)}`).join(', ');
}

function blockInsertion(
  manifest: Manifest,
  map: YAMLMap,
  { values, missing }: { values: PairValues; missing: PairValues },
): Splice {
  const { text } = manifest;
  const first = map.items[0];
  const start = first ? pairSpan(first).start : spanOf(map).start;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const indent = text.slice(lineStart, start);
  const sibling = map.items.findLast(
    (pair) => isScalar(pair.key) && values.has(String(pair.key.value)) && isReplaceable(pair.value),
  );
  const lines = blockLinesOf(missing, indent);
  return sibling
    ? insertLines(manifest, pairSpan(sibling).end, lines)
    : insertLines(manifest, headerEnd(manifest, map), lines);
}

/** The end of the line that opens a block map: comments above its first key stay with that key. */
function headerEnd(manifest: Manifest, map: YAMLMap): number {
  const entry = manifest.entryOf.get(map);
  const parent = entry?.parent?.node;
  const key = isMap(parent) ? parent.items.find((pair) => pair.value === map)?.key : undefined;
  return key === undefined ? spanOf(map).start : spanOf(key as TreeNode).end;
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
  if (!isCollection(node) || node.flow === true) return spanOf(node).end;
  const last = node.items.at(-1) as TreeNode | Pair | undefined;
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
