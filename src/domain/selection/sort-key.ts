/**
 * What a policy orders a tag by, as a string that sorts by plain `<` of its UTF-16 units. One cheap
 * kind of key serves every policy, is exact for numbers of any length, and costs one string to keep.
 */
export type SortKey = string;

/** Longest text that is turned into a key; twice the longest tag leaves room for a template's own text. */
export const MAX_KEY_TEXT = 255;

/** Negative when `a` sorts before `b`, positive when after, 0 when equal. */
export function compareKeys(a: SortKey, b: SortKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Key of a non-negative integer: how many digits, then the digits. Leading zeros do not count. */
export function integerKey(digits: string): SortKey {
  const significant = digits.startsWith('0') ? digits.replace(/^0+(?=[0-9])/, '') : digits;
  return String.fromCharCode(significant.length) + significant;
}
