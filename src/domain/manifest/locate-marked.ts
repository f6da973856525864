import { isMap, isScalar } from 'yaml';
import { parseImageReference } from '../image-reference.ts';
import type { Finding } from '../errors.ts';
import { tagAndDigest } from './image-candidate.ts';
import type { FieldPart, ImageField, Lock } from './image-field.ts';
import { readLock } from './lock-values.ts';
import { markedEntries } from './marked-entries.ts';
import { readMarker, type Marker } from './marker.ts';
import type { Comment, Manifest } from './parse-manifest.ts';
import { scalarContent } from './scalar-content.ts';
import { ownPair } from './yaml-lookup.ts';
import { keyPathOf, spanOf, type Entry } from './yaml-tree.ts';

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
  const fields: MarkedField[] = [];
  const findings: Finding[] = [];
  const markers: MarkerComment[] = [];
  for (const comment of manifest.comments) {
    const reading = readMarker(comment.source);
    if (reading === undefined) continue;
    if ('fault' in reading) findings.push(malformed(manifest, comment, reading.fault));
    else markers.push({ comment, marker: reading.marker });
  }
  const entries = markedEntries(
    manifest,
    markers.map(({ comment }) => comment),
  );
  for (const found of markers) {
    const entry = entries.get(found.comment);
    const result: FieldResult = entry
      ? fieldOf(manifest, entry, found)
      : { findings: [dangling(manifest, found.comment)] };
    if (result.field) fields.push(result.field);
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
  entry: Entry,
  { comment, marker }: MarkerComment,
): FieldResult {
  const content = scalarContent(manifest, entry.node);
  if (typeof content === 'string') {
    const at = manifest.locate(spanOf(entry.node).start);
    const message = `this marked field cannot be updated: ${content}`;
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

/** What a marked field says about the image: only what stands in this one scalar. */
function currentOf(part: FieldPart, value: string): ImageField['current'] {
  if (part === 'reference') return parseImageReference(value) ?? {};
  if (value === '') return {};
  if (part === 'name') return { name: value };
  return part === 'digest' ? { digest: value } : tagAndDigest(value);
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
  const message = `the lock in this marker: ${marker.lockFault}; it holds all the same`;
  return {
    ...read,
    findings: [...read.findings, { severity: 'error', code: 'lock/invalid', message, at }],
  };
}

function malformed(manifest: Manifest, comment: Comment, fault: string): Finding {
  const at = manifest.locate(comment.start);
  return { severity: 'error', code: 'marker/malformed', message: fault, at };
}

function dangling(manifest: Manifest, comment: Comment): Finding {
  const at = manifest.locate(comment.start);
  const message = 'this marker marks nothing; put it behind a value, on the same line';
  return { severity: 'warning', code: 'marker/dangling', message, at };
}
