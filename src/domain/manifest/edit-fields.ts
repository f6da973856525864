import { isScalar, Scalar } from 'yaml';
import { proveEdit, spliceText, unprovable, type Splice } from './edit-proof.ts';
import type { FieldEdit } from './image-field.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { blockLines, scalarContent } from './scalar-content.ts';
import { scalarSource, type ScalarStyle } from './scalar-source.ts';
import {
  isBlockScalar,
  keyPathOf,
  lastStartingBefore,
  leavesOf,
  spanOf,
  type Entry,
  type TreeNode,
} from './yaml-tree.ts';

/** A splice, and the value that its whole scalar has afterwards. */
interface Change {
  readonly node: TreeNode;
  readonly splices: readonly Splice[];
  readonly value: string;
}

/**
 * Writes new values into fields that {@link locateFields} found in this very text. Only the bytes of
 * those values change, plus quotes where the new value would not load as a string without them. The
 * result is parsed again and must differ in exactly the intended values.
 * @throws AppError `manifest/unprovable` when that cannot be shown, `manifest/unparsable`
 */
export function applyFieldEdits(path: string, text: string, edits: readonly FieldEdit[]): string {
  const changing = edits.filter((edit) => edit.value !== edit.field.value);
  if (changing.length === 0) return text;
  const manifest = parseManifest(path, text);
  const changes = [...groupByLeaf(manifest, changing)].map(([entry, group]) =>
    changeOf(manifest, entry, group),
  );
  const result = spliceText(
    text,
    changes.flatMap((change) => change.splices),
  );
  const first = changing[0]?.field.at ?? { path };
  const values = new Map(changes.map((change) => [change.node, change.value]));
  proveEdit(manifest, result, { values, at: first });
  return result;
}

/** Edits by the leaf whose source holds them: text of a block scalar may hold many. */
function groupByLeaf(
  manifest: Manifest,
  edits: readonly FieldEdit[],
): ReadonlyMap<Entry, readonly FieldEdit[]> {
  const groups = new Map<Entry, FieldEdit[]>();
  const leaves = leavesOf(manifest);
  for (const edit of edits) {
    const entry = leaves[lastStartingBefore(leaves, edit.field.span.start)];
    if (!entry || !holds(entry, edit)) throw unprovable(edit.field.at);
    const group = groups.get(entry);
    if (group) group.push(edit);
    else groups.set(entry, [edit]);
  }
  return groups;
}

function holds({ node, role }: Entry, { field }: FieldEdit): boolean {
  const { start, end } = spanOf(node);
  return role === 'value' && start <= field.span.start && field.span.end <= end && start < end;
}

function changeOf(manifest: Manifest, entry: Entry, edits: readonly FieldEdit[]): Change {
  const [edit] = edits;
  if (!edit || !isScalar(entry.node)) throw new TypeError('a group of edits has a scalar');
  if (edit.field.keyPath.length > keyPathOf(entry).length && isBlockScalar(entry.node)) {
    return embeddedChange(manifest, entry.node, edits);
  }
  if (edits.length > 1) throw unprovable(edit.field.at);
  return isBlockScalar(entry.node)
    ? blockChange(manifest, entry.node, edit)
    : flowChange(manifest, entry, edit);
}

/** A plain or quoted scalar, or its tail (`name=newname:tag`). */
function flowChange(manifest: Manifest, { node, inFlow }: Entry, edit: FieldEdit): Change {
  const whole = scalarContent(manifest, node);
  if (typeof whole === 'string' || !whole.value.endsWith(edit.field.value)) {
    throw unprovable(edit.field.at);
  }
  const head = whole.value.slice(0, whole.value.length - edit.field.value.length);
  const isWhole = whole.span.start === edit.field.span.start;
  if (isWhole !== (head === '')) throw unprovable(edit.field.at);
  const value = head + edit.value;
  const text = scalarSource(value, styleOf(node as Scalar), inFlow);
  return { node, value, splices: [{ ...whole.span, text }] };
}

/** The one line of a block scalar: its text is its value, whatever it looks like. */
function blockChange(manifest: Manifest, node: Scalar<string>, edit: FieldEdit): Change {
  const content = scalarContent(manifest, node);
  const unfit = edit.value.trim() !== edit.value || edit.value === '' || /[\r\n]/.test(edit.value);
  if (typeof content === 'string' || content.value !== edit.field.value || unfit) {
    throw unprovable(edit.field.at);
  }
  const value = node.value.replace(content.value, () => edit.value);
  return { node, value, splices: [{ ...content.span, text: edit.value }] };
}

/** YAML in a literal block scalar: edited and proven as a file of its own, then put back by lines. */
function embeddedChange(
  manifest: Manifest,
  node: Scalar<string>,
  edits: readonly FieldEdit[],
): Change {
  const lines = blockLines(manifest, node);
  const inner = edits.map(({ field, value }) => {
    const span = innerSpan(node, lines, field.span.start, field.span.end - field.span.start);
    if (!span) throw unprovable(field.at);
    return { value, field: { ...field, span, keyPath: [] } };
  });
  const value = applyFieldEdits(manifest.path, node.value, inner);
  const newLines = value.split('\n');
  const oldLines = node.value.split('\n');
  if (newLines.length !== oldLines.length) throw unprovable(edits[0]?.field.at ?? manifest);
  const splices = lines.flatMap(({ start, content }, index) => {
    const text = newLines[index] ?? '';
    return content === text ? [] : [{ start, end: start + content.length, text }];
  });
  return { node, value, splices };
}

/** A range of the file as a range of a literal's value. */
function innerSpan(
  node: Scalar<string>,
  lines: readonly { readonly start: number; readonly content: string }[],
  start: number,
  length: number,
): { start: number; end: number } | undefined {
  const index = lines.findIndex(
    (line) => start >= line.start && start <= line.start + line.content.length,
  );
  const line = lines[index];
  if (!line) return undefined;
  const before = node.value.split('\n').slice(0, index);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + start - line.start;
  return { start: at, end: at + length };
}

function styleOf(node: Scalar): ScalarStyle {
  if (node.type === Scalar.QUOTE_SINGLE) return 'single';
  return node.type === Scalar.QUOTE_DOUBLE ? 'double' : 'plain';
}
