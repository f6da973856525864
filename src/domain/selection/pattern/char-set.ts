/** A set of ASCII characters, one bit per code. */
export type CharSet = bigint;

/** All of ASCII. */
export const ASCII: CharSet = (1n << 128n) - 1n;

/** The set of the characters of `chars`, each of them ASCII. */
export function charSet(chars: string): CharSet {
  let set = 0n;
  for (let i = 0; i < chars.length; i++) set |= 1n << BigInt(chars.charCodeAt(i));
  return set;
}

/** Both ends included; empty when they are in the wrong order. */
export function charsBetween(first: string, last: string): CharSet {
  let set = 0n;
  for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++)
    set |= 1n << BigInt(code);
  return set;
}

/** The set as a JavaScript regular expression class of `\x` escapes, which has no special cases. */
export function charClass(set: CharSet): string {
  let ranges = '';
  for (let code = 0; code < 128; code++) {
    if (!has(set, code)) continue;
    const first = code;
    while (has(set, code + 1)) code += 1;
    ranges += code === first ? escape(first) : `${escape(first)}-${escape(code)}`;
  }
  return `[${ranges}]`;
}

function has(set: CharSet, code: number): boolean {
  return ((set >> BigInt(code)) & 1n) === 1n;
}

function escape(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}
