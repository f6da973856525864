import { isScalar } from 'yaml';
import type { Scalar } from 'yaml';
import type { Span } from './image-field.ts';
import type { Manifest } from './parse-manifest.ts';
import { isBlockScalar, spanOf, type TreeNode } from './yaml-tree.ts';

/** The part of a scalar's source that an edit replaces, and the value it stands for. */
export interface ScalarContent {
  readonly span: Span;
  readonly value: string;
}

/** One line of a block scalar: where its content starts in the file, and that content. */
export interface BlockLine {
  readonly start: number;
  readonly content: string;
}

/**
 * What may be replaced of a node that stands in the file: a flow scalar on one line with its quotes,
 * or the single line of content of a block scalar. A string is the reason why nothing may.
 */
export function scalarContent(manifest: Manifest, node: TreeNode): ScalarContent | string {
  if (!isScalar(node)) return 'the value is an alias or a collection; mark the value itself';
  const span = spanOf(node);
  const value = String(node.value);
  if (isBlockScalar(node)) {
    const line = singleLine(manifest, node);
    if (!line) return 'the value is a block of several lines; write it on one line';
    return {
      span: { start: line.start, end: line.start + line.content.length },
      value: line.content,
    };
  }
  if (span.start === span.end) return 'the value is empty; write one, such as ""';
  if (manifest.text.slice(span.start, span.end).includes('\n')) {
    return 'the value goes over several lines; write it on one line';
  }
  return { span, value };
}

/** The end of a scalar's value from an index on, where source and value are character by character alike. */
export function tailContent(
  manifest: Manifest,
  node: TreeNode,
  from: number,
): ScalarContent | undefined {
  const content = scalarContent(manifest, node);
  if (typeof content === 'string') return undefined;
  const { span, value } = content;
  const source = manifest.text.slice(span.start, span.end);
  const quote = source.startsWith('"') || source.startsWith("'") ? 1 : 0;
  if (source.slice(quote, source.length - quote) !== value) return undefined;
  return {
    span: { start: span.start + quote + from, end: span.end - quote },
    value: value.slice(from),
  };
}

/** The line of a block scalar that has just one, whose content is plainly the value. */
function singleLine(manifest: Manifest, node: Scalar<string>): BlockLine | undefined {
  const filled = blockLines(manifest, node).filter((line) => line.content.trim() !== '');
  const [line] = filled;
  if (filled.length !== 1 || line === undefined) return undefined;
  return node.value.replace(/\n+$/, '') === line.content ? line : undefined;
}

/**
 * The body lines of a block scalar, in order, without their indentation. Only exact for literals and
 * single lines: compare with the node's value before relying on it.
 */
export function blockLines(manifest: Manifest, node: Scalar<string>): BlockLine[] {
  const { start, end } = spanOf(node);
  const header = manifest.text.indexOf('\n', start);
  if (header === -1 || header >= end) return [];
  const body = manifest.text.slice(header + 1, end);
  const lines = body.split('\n').map((line) => line.replace(/\r$/, ''));
  const indent = indentOf(lines, node.value);
  let at = header + 1;
  return body.split('\n').map((raw, index) => {
    const line = { start: at + indent, content: (lines[index] ?? '').slice(indent) };
    at += raw.length + 1;
    return line;
  });
}

/** Indentation of a block scalar's body: what its first filled line has more than the value's. */
function indentOf(lines: readonly string[], value: string): number {
  return leadingSpaces(lines) - leadingSpaces(value.split('\n'));
}

function leadingSpaces(lines: readonly string[]): number {
  return /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
}
