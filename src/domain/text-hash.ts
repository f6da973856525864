/** 32-bit FNV-1a: spreads texts that differ in one character; no protection against those who mean harm. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/** The same as eight hex digits. */
export function shortHash(text: string): string {
  return hash32(text).toString(16).padStart(8, '0');
}

/** As many hex digits as a commit's id has: no two texts of one repo are likely to share them. */
export function longHash(text: string): string {
  return [0, 1, 2, 3, 4].map((salt) => shortHash(`${salt}${text}`)).join('');
}
