import { GROUP } from '../../api/crd.ts';

const GROUP_BYTES = new TextEncoder().encode(GROUP);

/** The rarest piece of the group in any text, and where it stands in the group. */
const RARE_BYTE = 'k'.charCodeAt(0);
const RARE_INDEX = GROUP.indexOf('kk');

/**
 * Could the file hold our resources? Tells without decoding or parsing, by the API group's bytes: a
 * "yes" may be wrong (an annotation has them too), a "no" is not.
 */
export function mayHoldResources(bytes: Uint8Array): boolean {
  // `indexOf` over one byte is native and fast; only where it hits are the rest compared.
  for (let at = bytes.indexOf(RARE_BYTE); at !== -1; at = bytes.indexOf(RARE_BYTE, at + 1)) {
    if (bytes[at + 1] !== RARE_BYTE) continue;
    const start = at - RARE_INDEX;
    if (GROUP_BYTES.every((byte, index) => bytes[start + index] === byte)) return true;
  }
  return false;
}
