import type { BuildTime } from '../image/build-time.ts';
import type { SortKey } from './sort-key.ts';
import type { Rejection } from './tag-filter.ts';

/** When the images of tags were built, and now: an image from the future is not the newest. */
export interface ImageTimes {
  readonly byTag: ReadonlyMap<string, BuildTime>;
  readonly now: Date;
}

/** Nothing is known: no tag can be ordered. */
export const NO_TIMES: ImageTimes = { byTag: new Map(), now: new Date(0) };

/** Clocks of build machines are not exact. */
const MAX_AHEAD_MS = 5 * 60_000;

/** Digits of the largest time that a `Date` can hold, in ms. */
const KEY_CHARS = 16;

const UNKNOWN: Rejection = { reason: 'has a build time that is not known' };
const ABSENT: Rejection = { reason: 'does not say when it was built' };
const UNREAL: Rejection = { reason: 'names a build time before there were images' };
const TO_COME: Rejection = { reason: 'names a build time that is yet to come' };

/** Key of a tag's build time; undefined where it has none that counts. */
export function timeKey(tag: string, { byTag, now }: ImageTimes): SortKey | undefined {
  const time = byTag.get(tag);
  if (typeof time !== 'number' || time > now.getTime() + MAX_AHEAD_MS) return undefined;
  return String(time).padStart(KEY_CHARS, '0');
}

/** Why a tag has no key. */
export function whyUntimed(tag: string, { byTag }: ImageTimes): Rejection {
  const time = byTag.get(tag);
  if (time === undefined) return UNKNOWN;
  if (time === 'absent') return ABSENT;
  return time === 'unreal' ? UNREAL : TO_COME;
}
