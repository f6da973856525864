import { integerKey, type SortKey } from './sort-key.ts';

const PLAIN_DECIMAL = /^([0-9]+)(?:\.([0-9]+))?$/;

/**
 * Key of a plain decimal number such as `42`, `007` or `1.50`, compared exactly however long it is.
 * Signs, exponents and hexadecimal are not numbers here: in a tag a dash separates, and `12e4567`
 * is a commit.
 * @returns undefined when the text is not such a number
 */
export function numericalKey(text: string): SortKey | undefined {
  const match = PLAIN_DECIMAL.exec(text);
  if (match === null) return undefined;
  const fraction = match[2]?.replace(/0+$/, '') ?? '';
  return integerKey(match[1] as string) + fraction;
}

/** Key for alphabetical order by code point. Empty text has none: it could only come from a template. */
export function alphabeticalKey(text: string): SortKey | undefined {
  return text === '' ? undefined : text;
}
