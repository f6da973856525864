import type { TagPolicy } from '../../api/image-policy.ts';
import { NO_TIMES, timeKey, whyUntimed, type ImageTimes } from './image-times.ts';
import { alphabeticalKey, numericalKey } from './ordering.ts';
import { parseRange } from './semver-range.ts';
import type { SortKey } from './sort-key.ts';
import type { Rejection } from './tag-filter.ts';
import { versionKey } from './version-key.ts';

/** A compiled policy: how texts are ordered, and which may be chosen. */
export interface TagOrder {
  /** Undefined when this order has no place for the text. */
  key(text: string): SortKey | undefined;
  /** Why `key` gave nothing for a text. */
  unordered(text: string): Rejection;
  /** Why a text of this key may not be chosen. */
  exclusion(key: SortKey): Rejection | undefined;
  /** Which end of the order is the newest. */
  readonly newest: 'largest' | 'smallest';
  /** What the chosen tag is, for people. */
  readonly choice: string;
}

/**
 * Compiles `spec.policy`.
 * @param times of the images, for `newest`: what is not among them cannot be ordered
 * @throws AppError `policy/invalid-range`
 */
export function createTagOrder(policy: TagPolicy, times: ImageTimes = NO_TIMES): TagOrder {
  if (policy.semver !== undefined) return semverOrder(policy.semver.range);
  if (policy.numerical !== undefined) return numericalOrder(policy.numerical.order);
  if (policy.alphabetical !== undefined) return alphabeticalOrder(policy.alphabetical.order);
  if (policy.digest !== undefined) return oneTagOrder(policy.digest.tag);
  return newestOrder(times);
}

/** One object for all texts: of 100,000 tags most may be rejected for the same reason. */
function always(reason: string): () => Rejection {
  const rejection = { reason };
  return () => rejection;
}

function semverOrder(source: string): TagOrder {
  const range = parseRange(source);
  const shown = source.trim();
  const outside = { reason: `is outside range ${shown}` };
  const preRelease = { reason: `is a pre-release; range ${shown} does not allow pre-releases` };
  return {
    key: versionKey,
    unordered: always('is not a semantic version of three parts, such as 1.25.0'),
    exclusion: (version) => {
      const verdict = range.judge(version);
      if (verdict === 'allowed') return undefined;
      return verdict === 'outside' ? outside : preRelease;
    },
    newest: 'largest',
    choice: `the highest version in range ${shown}`,
  };
}

function numericalOrder(order: 'asc' | 'desc'): TagOrder {
  return {
    key: numericalKey,
    unordered: always('is not a plain number, such as 42 or 1.5'),
    exclusion: () => undefined,
    newest: order === 'asc' ? 'largest' : 'smallest',
    choice: order === 'asc' ? 'the largest number' : 'the smallest number',
  };
}

function alphabeticalOrder(order: 'asc' | 'desc'): TagOrder {
  return {
    key: alphabeticalKey,
    unordered: always('is empty'),
    exclusion: () => undefined,
    newest: order === 'asc' ? 'largest' : 'smallest',
    choice: order === 'asc' ? 'the last in alphabetical order' : 'the first in alphabetical order',
  };
}

function oneTagOrder(tag: string): TagOrder {
  return {
    key: (text) => (text === tag ? tag : undefined),
    unordered: always(`is not ${tag}, the tag that policy.digest follows`),
    exclusion: () => undefined,
    newest: 'largest',
    choice: 'the tag that policy.digest follows',
  };
}

function newestOrder(times: ImageTimes): TagOrder {
  return {
    key: (tag) => timeKey(tag, times),
    unordered: (tag) => whyUntimed(tag, times),
    exclusion: () => undefined,
    newest: 'largest',
    choice: 'the image with the latest build time',
  };
}
