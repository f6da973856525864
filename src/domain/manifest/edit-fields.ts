import { isScalar, Scalar } from 'yaml';
import { proveEdit, spliceText, unprovable, type Splice } from './edit-proof.ts';
import type { FieldEdit } from './image-field.ts';
import { parseManifest, type Manifest } from './parse-manifest.ts';
import { literalOffset, scalarContent } from './scalar-content.ts';
import { scalarSource, type ScalarStyle } from './scalar-source.ts';
import {
  isBlockScalar,
  keyPathOf,
  lastStartingBefore,
  leavesOf,
  spanOf,
  type Entry,
} from './yaml-tree.ts';

/** A scalar's splices, and the value that the whole of it has afterwards. */
interface Change {
  readonly node: Scalar;
  readonly splices: readonly Splice[];
  readonly value: string;
}

/** The edits of one scalar: text of a block scalar may hold many. */
interface Group {
  readonly entry: Entry;
  readonly node: Scalar;
  readonly edits: [FieldEdit, ...FieldEdit[]];
}

/**
 * Writes new values into fields that {@link locateFields} found in this very text. Only the bytes of
 * those values change, plus quotes where the new value would not load as a string without them. The
 * result is parsed again and must differ in exactly the intended values.
 * @throws AppError `manifest/unprovable` when that cannot be shown, `manifest/unparsable`
 */
export function applyFieldEdits(path: string, text: string, edits: readonly FieldEdit[]): string {
  return spliceText(text, provenSplices(path, text, edits));
}

function provenSplices(path: string, text: string, edits: readonly FieldEdit[]): Splice[] {
  const [first, ...rest] = edits.filter((edit) => edit.value !== edit.field.value);
  if (first === undefined) return [];
  const manifest = parseManifest(path, text);
  const changes = groupByScalar(manifest, [first, ...rest]).map((group) =>
    changeOf(manifest, group),
  );
  const splices = changes.flatMap((change) => change.splices);
  const values = new Map(changes.map((change) => [change.node, change.value]));
  proveEdit(manifest, spliceText(text, splices), { values, at: first.field.at });
  return splices;
}

function groupByScalar(manifest: Manifest, edits: readonly FieldEdit[]): readonly Group[] {
  const groups = new Map<Entry, Group>();
  const leaves = leavesOf(manifest);
  for (const edit of edits) {
    const entry = leaves[lastStartingBefore(leaves, edit.field.span.start)];
    if (!entry || !isScalar(entry.node) || !holds(entry, edit)) throw unprovable(edit.field.at);
    const group = groups.get(entry);
    if (group) group.edits.push(edit);
    else groups.set(entry, { entry, node: entry.node, edits: [edit] });
  }
  return [...groups.values()];
}

function holds({ node, role }: Entry, { field }: FieldEdit): boolean {
  const { start, end } = spanOf(node);
  return role === 'value' && field.span.end <= end && start < end;
}

function changeOf(manifest: Manifest, { entry, node, edits }: Group): Change {
  const [edit, ...more] = edits;
  if (!isBlockScalar(node)) {
    if (more.length > 0) throw unprovable(edit.field.at);
    return flowChange(manifest, { node, inFlow: entry.inFlow }, edit);
  }
  if (edit.field.keyPath.length > keyPathOf(entry).length) {
    return embeddedChange(manifest, node, edits);
  }
  return blockChange(manifest, node, edit);
}

/** A plain or quoted scalar, or its tail (`name=newname:tag`). */
function flowChange(
  manifest: Manifest,
  { node, inFlow }: { node: Scalar; inFlow: boolean },
  edit: FieldEdit,
): Change {
  const whole = scalarContent(manifest, node);
  if (typeof whole === 'string' || !whole.value.endsWith(edit.field.value)) {
    throw unprovable(edit.field.at);
  }
  const head = whole.value.slice(0, whole.value.length - edit.field.value.length);
  const isWhole = whole.span.start === edit.field.span.start;
  if (isWhole !== (head === '')) throw unprovable(edit.field.at);
  const value = head + edit.value;
  const text = scalarSource(value, styleOf(node), inFlow);
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

/** YAML in a literal block scalar: edited and proven as a file of its own. */
function embeddedChange(
  manifest: Manifest,
  node: Scalar<string>,
  edits: readonly FieldEdit[],
): Change {
  const toValue = literalOffset(manifest, node, 'value');
  const toFile = literalOffset(manifest, node, 'file');
  const inner = edits.map(({ field, value }) => {
    const span = { start: toValue(field.span.start), end: toValue(field.span.end) };
    return { value, field: { ...field, span, keyPath: [] } };
  });
  const splices = provenSplices(manifest.path, node.value, inner);
  return {
    node,
    value: spliceText(node.value, splices),
    splices: splices.map(({ start, end, text }) => ({
      start: toFile(start),
      end: toFile(start) + end - start,
      text,
    })),
  };
}

function styleOf(node: Scalar): ScalarStyle {
  if (node.type === Scalar.QUOTE_SINGLE) return 'single';
  return node.type === Scalar.QUOTE_DOUBLE ? 'double' : 'plain';
}
