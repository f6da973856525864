import { isMap, isScalar, isSeq } from 'yaml';
import { parseImageReference } from '../image-reference.ts';
import type { Finding } from '../errors.ts';
import { formatLocation } from '../errors.ts';
import type { FieldPart, ImageField, Lock } from './image-field.ts';
import { readLock } from './lock-values.ts';
import { readMarker, type Marker } from './marker.ts';
import type { Comment, Manifest } from './parse-manifest.ts';
import { scalarContent } from './scalar-content.ts';
import { ownPair } from './yaml-lookup.ts';
import {
  isBlockScalar,
  keyPathOf,
  lastStartingBefore,
  leavesOf,
  spanOf,
  type Entry,
} from './yaml-tree.ts';

/** A field and the entry of its scalar. */
export interface LocatedField {
  readonly field: ImageField;
  readonly entry: Entry;
}

/** A marked field with its marker. */
export interface MarkedField extends LocatedField {
  readonly comment: Comment;
}

/** The marked fields of a file; locks are the markers' own only. */
export interface MarkedFields {
  readonly fields: readonly MarkedField[];
  readonly findings: readonly Finding[];
}

/**
 * Finds the fields that carry a marker: a comment behind the value on its line (behind a block
 * scalar's `|`, too), or alone on the line right above a scalar item of a list, as in Flux.
 */
export function locateMarked(manifest: Manifest): MarkedFields {
  const leaves = leavesOf(manifest);
  const fields: MarkedField[] = [];
  const findings: Finding[] = [];
  const claimed = new Set<Entry>();
  for (const comment of manifest.comments) {
    const reading = readMarker(comment.source);
    if (reading === undefined) continue;
    const result =
      'fault' in reading
        ? malformed(manifest, comment, reading.fault)
        : fieldOf(manifest, leaves, { comment, marker: reading.marker }, claimed);
    fields.push(...(result.field ? [result.field] : []));
    findings.push(...result.findings);
  }
  return { fields, findings };
}

interface MarkerComment {
  readonly comment: Comment;
  readonly marker: Marker;
}

interface FieldResult {
  readonly field?: MarkedField;
  readonly findings: readonly Finding[];
}

function fieldOf(
  manifest: Manifest,
  leaves: readonly Entry[],
  { comment, marker }: MarkerComment,
  claimed: Set<Entry>,
): FieldResult {
  const entry = markedEntry(manifest, leaves, comment);
  if (entry === undefined || claimed.has(entry)) return { findings: [dangling(manifest, comment)] };
  claimed.add(entry);
  const content = scalarContent(manifest, entry.node);
  if (typeof content === 'string') {
    const at = manifest.locate(spanOf(entry.node).start);
    const message = `${formatLocation(at)}: this marked field cannot be updated: ${content}`;
    return { findings: [{ severity: 'error', code: 'field/unsupported', message, at }] };
  }
  const { lock, findings } = markerLock(manifest, comment, marker);
  const field: ImageField = {
    at: manifest.locate(content.span.start),
    document: entry.document,
    keyPath: keyPathOf(entry),
    part: marker.part,
    value: content.value,
    current: currentOf(marker.part, content.value),
    separateDigest: marker.part === 'tag' && hasDigestSibling(entry),
    marker: marker.policy,
    locks: lock ? [lock] : [],
    span: content.span,
  };
  return { field: { field, entry, comment }, findings };
}

/** The scalar that a comment marks. */
function markedEntry(
  manifest: Manifest,
  leaves: readonly Entry[],
  comment: Comment,
): Entry | undefined {
  const index = lastStartingBefore(leaves, comment.start);
  const before = leaves[index];
  if (before && marksFromBehind(manifest, before, comment)) {
    return before.role === 'value' ? before : undefined;
  }
  const after = leaves[index + 1];
  return after && marksFromAbove(manifest, after, comment) ? after : undefined;
}

/** Nothing but closing brackets and commas may stand between a value and its marker. */
function marksFromBehind(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const { end } = spanOf(entry.node);
  // the comment behind a block scalar's header stands inside the scalar
  if (end > comment.start) return isBlockScalar(entry.node);
  return (
    /^[ \t,\]}]*$/.test(between(manifest, end, comment.start)) ||
    isEmptyMarked(manifest, entry, comment)
  );
}

/** `tag: !!str # marker`: an empty value whose place is before its tag or anchor. */
function isEmptyMarked(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const { start, end } = spanOf(entry.node);
  if (entry.role !== 'value' || start !== end) return false;
  return /^[ \t]*([!&][^\s]*[ \t]+)*$/.test(between(manifest, end, comment.start));
}

function marksFromAbove(manifest: Manifest, entry: Entry, comment: Comment): boolean {
  const lineStart = manifest.text.lastIndexOf('\n', comment.start - 1) + 1;
  if (between(manifest, lineStart, comment.start).replace('\uFEFF', '').trim() !== '') return false;
  const parent = entry.parent?.node;
  if (entry.role !== 'value' || !isSeq(parent) || parent.flow === true) return false;
  const gap = between(manifest, comment.start + comment.source.length, spanOf(entry.node).start);
  return /^\r?\n[ \t]*-[ \t]+([!&][^\s]*[ \t]+)*$/.test(gap);
}

function between(manifest: Manifest, start: number, end: number): string {
  return manifest.text.slice(start, end);
}

/** What a marked field says about the image: only what stands in this one scalar. */
function currentOf(part: FieldPart, value: string): ImageField['current'] {
  if (part === 'reference') return parseImageReference(value) ?? {};
  if (value === '') return {};
  if (part === 'name') return { name: value };
  return part === 'digest' ? { digest: value } : tagAndDigest(value);
}

/** A tag field may hold `tag@digest`. */
export function tagAndDigest(value: string): { tag?: string; digest?: string } {
  const cut = value.indexOf('@');
  if (cut === -1) return { tag: value };
  const tag = value.slice(0, cut);
  return { ...(tag === '' ? {} : { tag }), digest: value.slice(cut + 1) };
}

function hasDigestSibling(entry: Entry): boolean {
  const parent = entry.parent?.node;
  return isMap(parent) && isScalar(ownPair(parent, 'digest')?.value);
}

function markerLock(
  manifest: Manifest,
  comment: Comment,
  marker: Marker,
): { lock?: Lock; findings: readonly Finding[] } {
  if (!marker.lock) return { findings: [] };
  const at = manifest.locate(comment.start);
  const read = readLock(marker.lock, 'field', at);
  if (marker.lockFault === undefined) return read;
  const message = `${formatLocation(at)}: the lock in this marker: ${marker.lockFault}; it holds all the same`;
  return {
    ...read,
    findings: [...read.findings, { severity: 'error', code: 'lock/invalid', message, at }],
  };
}

function malformed(manifest: Manifest, comment: Comment, fault: string): FieldResult {
  const at = manifest.locate(comment.start);
  const message = `${formatLocation(at)}: ${fault}`;
  return { findings: [{ severity: 'error', code: 'marker/malformed', message, at }] };
}

function dangling(manifest: Manifest, comment: Comment): Finding {
  const at = manifest.locate(comment.start);
  const message = `${formatLocation(at)}: this marker marks nothing; put it behind a value, on the same line`;
  return { severity: 'warning', code: 'marker/dangling', message, at };
}
