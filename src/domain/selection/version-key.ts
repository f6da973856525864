import { integerKey, type SortKey } from './sort-key.ts';

/** A tag as semantic version: optional `v`, three numbers (leading zeros as in CalVer), pre-release, build. */
const VERSION =
  /^v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

// Behind the three numbers stands RELEASE, or the identifiers and END. RELEASE sorts above every
// identifier. END sorts below what may follow, so that of two lists the one that goes on is the newer,
// and so do NUMBER and TEXT below every character of an identifier (SemVer 2.0 §11).
const RELEASE = '\xff';
const NUMBER = '\x01';
const TEXT = '\x02';
const END = '\x00';

/**
 * Key of a version in SemVer 2.0 precedence, exact for numbers of any length. Build metadata does not count.
 * @returns undefined when the text is not a version of three parts
 */
export function versionKey(text: string): SortKey | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', preRelease] = match;
  return versionKeyOf([major, minor, patch], preRelease);
}

/** Key of a version given as its numbers and its dotted pre-release part. */
export function versionKeyOf(numbers: readonly string[], preRelease: string | undefined): SortKey {
  return familyKey(numbers) + (preRelease === undefined ? RELEASE : identifiersKey(preRelease));
}

/** What the keys of all versions with these leading numbers start with. */
export function familyKey(numbers: readonly string[]): SortKey {
  let key = '';
  for (const number of numbers) key += integerKey(number);
  return key;
}

/** Does the key of a version stand for a pre-release? */
export function isPreRelease(key: SortKey): boolean {
  return key.endsWith(END);
}

function identifiersKey(preRelease: string): SortKey {
  let key = '';
  for (const identifier of preRelease.split('.')) {
    key += /^[0-9]+$/.test(identifier) ? NUMBER + integerKey(identifier) : TEXT + identifier + END;
  }
  return key + END;
}
