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

/** A value that SOPS has encrypted (sops, "Encryption Protocol"): what is written over it cannot be decrypted. */
const SOPS_VALUE = /^ENC\[[A-Z0-9_]+,data:/;

/** One line of a block scalar's content: where it starts in the file and in the scalar's value. */
interface BlockLine {
  readonly file: number;
  readonly value: number;
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
  if (SOPS_VALUE.test(value)) return 'the value is encrypted by SOPS; keep it in plain text';
  if (isBlockScalar(node)) {
    const line = singleLine(manifest, node);
    if (!line) return 'the value is a block of several lines; write it on one line';
    return {
      span: { start: line.file, end: line.file + line.content.length },
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

/** An offset into a literal's value as one into the file (`file`), or the other way round (`value`). */
export function literalOffset(
  manifest: Manifest,
  node: Scalar<string>,
  to: 'file' | 'value',
): (offset: number) => number {
  const from = to === 'file' ? 'value' : 'file';
  const lines = blockLines(manifest, node);
  return (offset) => {
    const line = lines.findLast((candidate) => candidate[from] <= offset);
    return line ? offset - line[from] + line[to] : offset;
  };
}

/**
 * The body lines of a block scalar, in order, without their indentation. Where a literal's value starts
 * its lines is exact; a folded one shares only single lines with the file.
 */
function blockLines(manifest: Manifest, node: Scalar<string>): BlockLine[] {
  const { start, end } = spanOf(node);
  const [header = '', ...raw] = manifest.text.slice(start, end).split('\n');
  const indent = indentOf(raw, node.value);
  let file = start + header.length + 1;
  let value = 0;
  return raw.map((line) => {
    const content = line.replace(/\r$/, '').slice(indent);
    const at = { file: file + indent, value, content };
    file += line.length + 1;
    value += content.length + 1;
    return at;
  });
}

/** Indentation of a block scalar's body: what its first filled line has more than the value's. */
function indentOf(lines: readonly string[], value: string): number {
  return leadingSpaces(lines) - leadingSpaces(value.split('\n'));
}

function leadingSpaces(lines: readonly string[]): number {
  const [filled = ''] = lines.filter((line) => line.trim() !== '');
  return filled.search(/[^ ]|$/);
}
