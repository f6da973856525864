import { isUtf8 } from 'node:buffer';

/** A byte that is no UTF-8 stands in text as a lone surrogate, as in Python's PEP 383: `U+DC80` and up. */
const BYTE_BASE = 0xdc00;
const LONGEST_SEQUENCE = 4;

/**
 * A path of a tree as text. Git does not say how names are encoded: what is no UTF-8 is kept in such a
 * way that {@link pathBytes} gives back the very same bytes.
 */
export function pathText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const sequence = sequenceAt(bytes, at);
    text += sequence?.toString('utf8') ?? String.fromCharCode(BYTE_BASE + bytes.readUInt8(at));
    at += sequence?.length ?? 1;
  }
  return text;
}

/** Is it a path whose bytes are UTF-8, so that it can be told to a program? */
export function isText(path: string): boolean {
  return !/\p{Surrogate}/u.test(path);
}

/** The inverse of {@link pathText}. */
export function pathBytes(path: string): Buffer {
  if (isText(path)) return Buffer.from(path);
  return Buffer.concat(
    Array.from(path, (character) => {
      const code = character.charCodeAt(0);
      const isByte = character.length === 1 && code >= BYTE_BASE + 128 && code < BYTE_BASE + 256;
      return isByte ? Buffer.from([code - BYTE_BASE]) : Buffer.from(character);
    }),
  );
}

/** Splits what ends with NUL into texts, as `-z` lists paths. */
export function splitPaths(output: Buffer): string[] {
  if (isUtf8(output)) return output.toString('utf8').split('\0');
  const latin1 = output.toString('latin1').split('\0');
  return latin1.map((part) => pathText(Buffer.from(part, 'latin1')));
}

/** The character that starts here; undefined: none does. */
function sequenceAt(bytes: Buffer, at: number): Buffer | undefined {
  for (let length = 1; length <= LONGEST_SEQUENCE && at + length <= bytes.length; length += 1) {
    const sequence = bytes.subarray(at, at + length);
    if (isUtf8(sequence)) return sequence;
  }
  return undefined;
}
