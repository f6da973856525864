import type { TagPolicy } from '../../api/image-policy.ts';
import { AppError } from '../errors.ts';
import { alphabeticalKey, numericalKey } from './ordering.ts';
import { parseRange } from './semver-range.ts';
import type { SortKey } from './sort-key.ts';
import type { Rejection } from './tag-filter.ts';
import { versionKey } from './version-key.ts';

/** A compiled policy: how texts are ordered, and which may be chosen. */
export interface TagOrder {
  /** Undefined when this order has no place for the text. */
  key(text: string): SortKey | undefined;
  /** Why `key` gave nothing. */
  readonly unordered: Rejection;
  /** Why a text of this key may not be chosen. */
  exclusion(key: SortKey): Rejection | undefined;
  /** Which end of the order is the newest. */
  readonly newest: 'largest' | 'smallest';
  /** What the chosen tag is, for people. */
  readonly choice: string;
}

/**
 * Compiles `spec.policy`.
 * @throws AppError `policy/invalid-range`; `resource/not-supported` for `newest`
 */
export function createTagOrder(policy: TagPolicy): TagOrder {
  if (policy.semver !== undefined) return semverOrder(policy.semver.range);
  if (policy.numerical !== undefined) return numericalOrder(policy.numerical.order);
  if (policy.alphabetical !== undefined) return alphabeticalOrder(policy.alphabetical.order);
  if (policy.digest !== undefined) return oneTagOrder(policy.digest.tag);
  throw new AppError('resource/not-supported', 'spec.policy.newest is not supported yet');
}

function semverOrder(source: string): TagOrder {
  const range = parseRange(source);
  const shown = source.trim();
  const outside = { reason: `is outside range ${shown}` };
  const preRelease = { reason: `is a pre-release; range ${shown} does not allow pre-releases` };
  return {
    key: versionKey,
    unordered: { reason: 'is not a semantic version of three parts, such as 1.25.0' },
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
    unordered: { reason: 'is not a plain number, such as 42 or 1.5' },
    exclusion: () => undefined,
    newest: order === 'asc' ? 'largest' : 'smallest',
    choice: order === 'asc' ? 'the largest number' : 'the smallest number',
  };
}

function alphabeticalOrder(order: 'asc' | 'desc'): TagOrder {
  return {
    key: alphabeticalKey,
    unordered: { reason: 'is empty' },
    exclusion: () => undefined,
    newest: order === 'asc' ? 'largest' : 'smallest',
    choice: order === 'asc' ? 'the last in alphabetical order' : 'the first in alphabetical order',
  };
}

function oneTagOrder(tag: string): TagOrder {
  return {
    key: (text) => (text === tag ? tag : undefined),
    unordered: { reason: `is not ${tag}, the tag that policy.digest follows` },
    exclusion: () => undefined,
    newest: 'largest',
    choice: 'the tag that policy.digest follows',
  };
}
