import type { FilterTags } from '../../api/image-policy.ts';
import { isTag } from '../image-reference.ts';
import { compileTemplate } from './extract-template.ts';
import { compilePattern } from './pattern/tag-pattern.ts';
import { MAX_KEY_TEXT } from './sort-key.ts';

/** Why a tag is passed over. One object per reason and selector, so that 100,000 tags cost no more. */
export interface Rejection {
  readonly reason: string;
}

/** A compiled `filterTags`. */
export interface TagFilter {
  /** The text of the tag that the policy orders, whatever is excluded; or why there is none. */
  orderedText(tag: string): string | Rejection;
  /** Why the tag may not be chosen although it can be ordered. */
  exclusion(tag: string): Rejection | undefined;
}

/** Cosign's signatures and the OCI referrers fallback: they describe images and are none. */
const SIGNATURE_TAG = /^sha(?:256|512)-[a-f0-9]+(?:\.[a-z]+)?$/;

const NOT_A_TAG: Rejection = { reason: 'is not a valid tag' };
const SIGNATURE: Rejection = { reason: 'is a signature or attestation and not an image' };
const NO_MATCH: Rejection = { reason: 'does not match filterTags.pattern' };
const TOO_LONG: Rejection = {
  reason: `is longer than ${MAX_KEY_TEXT} characters after filterTags.extract`,
};

/**
 * Compiles the filter; without `filterTags` it passes every tag but those of signatures.
 * @throws AppError `policy/invalid-pattern`
 */
export function createTagFilter(filterTags: FilterTags = {}): TagFilter {
  const read = createReader(filterTags);
  const excludes = (filterTags.exclude ?? []).map((source, index) => ({
    pattern: compilePattern(source, `filterTags.exclude[${index}]`),
    rejection: { reason: `is excluded by filterTags.exclude[${index}]` },
  }));
  return {
    orderedText: (tag) => {
      if (!isTag(tag)) return NOT_A_TAG;
      if (SIGNATURE_TAG.test(tag)) return SIGNATURE;
      return read(tag);
    },
    exclusion: (tag) => excludes.find(({ pattern }) => pattern.test(tag))?.rejection,
  };
}

/**
 * The tags that a filter lets through: those whose images have to be asked about under `policy.newest`.
 * @throws AppError `policy/invalid-pattern`
 */
export function filteredTags(
  filterTags: FilterTags | undefined,
  tags: Iterable<string>,
): readonly string[] {
  const filter = createTagFilter(filterTags);
  return [...tags].filter(
    (tag) => typeof filter.orderedText(tag) === 'string' && filter.exclusion(tag) === undefined,
  );
}

function createReader({
  pattern: source,
  extract,
}: FilterTags): (tag: string) => string | Rejection {
  if (source === undefined) return (tag) => tag;
  const pattern = compilePattern(source, 'filterTags.pattern');
  if (extract === undefined) return (tag) => (pattern.test(tag) ? tag : NO_MATCH);
  const template = compileTemplate(extract, pattern);
  return (tag) => {
    const match = pattern.match(tag);
    if (match === undefined) return NO_MATCH;
    const text = template.expand(match);
    return text.length > MAX_KEY_TEXT ? TOO_LONG : text;
  };
}
