import { shortened } from './status/shortened.ts';

/**
 * Names and texts from outside may hold anything: line breaks and other control characters become
 * blanks, so that one line stays one line.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

/** Longest text of another system that goes into a message, where nothing else is said. */
const MAX_QUOTED_CHARS = 250;

/**
 * What another system said, for a message: one short line without invisible characters, our secrets
 * and logins in URLs.
 */
export function quotable(
  text: string,
  secrets: readonly string[],
  maxChars: number = MAX_QUOTED_CHARS,
): string {
  const line = secrets
    .filter((secret) => secret !== '')
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
    .replaceAll(/\/\/[^/@\s]+@/g, '//')
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  return shortened(line, maxChars);
}
