import { isScalar } from 'yaml';
import { parseImageReference } from '../image-reference.ts';
import type { FieldPart, ImageField } from './image-field.ts';
import type { ScalarContent } from './scalar-content.ts';
import { isNull, textOf } from './yaml-lookup.ts';
import type { Entry } from './yaml-tree.ts';

/** A scalar that a shape of YAML says is an image or a part of one. */
export interface ImageCandidate {
  /** The scalar, or the block scalar that holds it as text. */
  readonly entry: Entry;
  readonly part: FieldPart;
  readonly current: ImageField['current'];
  readonly separateDigest: boolean;
  /** Where the value stands when it is only a part of the scalar, and its path in there if that is YAML. */
  readonly within?: ScalarContent & { readonly keyPath: readonly (string | number)[] };
}

/** An image spread over several fields, as texts; `undefined` where a field is absent or empty. */
export interface ImageParts {
  readonly registry?: string | undefined;
  readonly name: string | undefined;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** `nginx:1.0` in one scalar. An image that states neither tag nor digest is left to whoever does. */
export function referenceCandidate(entry: Entry | undefined): ImageCandidate[] {
  const text = textOf(entry?.node);
  const current = text === undefined ? undefined : parseImageReference(text);
  if (!entry || !current || (current.tag ?? current.digest) === undefined) return [];
  return [{ entry, part: 'reference', current, separateDigest: false }];
}

/**
 * Tag and digest of an image whose parts have fields of their own. Fields that the author left empty
 * stay so (a chart fills in its own tag), except for a digest field, which waits to be filled.
 */
export function partCandidates(
  parts: ImageParts,
  fields: { readonly tag: Entry | undefined; readonly digest: Entry | undefined },
): ImageCandidate[] {
  const name = joinName(parts);
  if (name === undefined) return [];
  const held = heldOf(parts);
  if (held === undefined) return [];
  const current = { name, ...held };
  const { tag, digest } = fields;
  const separateDigest = isWritten(digest);
  const candidate = (entry: Entry, part: FieldPart): ImageCandidate => ({
    entry,
    part,
    current,
    separateDigest,
  });
  return [
    ...(tag && textOf(tag.node) !== undefined ? [candidate(tag, 'tag')] : []),
    ...(digest && separateDigest ? [candidate(digest, 'digest')] : []),
  ];
}

/** Tag and digest as they stand, which may share the tag's field; undefined when there is neither. */
function heldOf(parts: ImageParts): { tag?: string; digest?: string } | undefined {
  const inTag = parts.tag === undefined ? {} : tagAndDigest(parts.tag);
  const digest = parts.digest ?? inTag.digest;
  if ((inTag.tag ?? digest) === undefined) return undefined;
  return { ...inTag, ...(digest === undefined ? {} : { digest }) };
}

/** A tag field may hold `tag@digest`. */
export function tagAndDigest(value: string): { tag?: string; digest?: string } {
  const cut = value.indexOf('@');
  if (cut === -1) return { tag: value };
  const tag = value.slice(0, cut);
  return { ...(tag === '' ? {} : { tag }), digest: value.slice(cut + 1) };
}

/** Is there a scalar, `""` included, that a value can be written to? */
function isWritten(field: Entry | undefined): boolean {
  return isScalar(field?.node) && !isNull(field.node);
}

/** `registry/name`; undefined unless that is a repository without tag and digest. */
function joinName({ registry, name }: ImageParts): string | undefined {
  if (name === undefined) return undefined;
  const joined = registry === undefined ? name : `${registry.replace(/\/+$/, '')}/${name}`;
  const reference = parseImageReference(joined);
  return reference && (reference.tag ?? reference.digest) === undefined ? joined : undefined;
}
