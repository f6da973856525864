import { BoundedMap } from './bounded-map.ts';
import type { Call } from './call.ts';
import { Places } from './places.ts';

/** What every list may take up, however many are read at the same time. */
export const SMALL_LIST_BYTES = 1024 * 1024;

/** Repositories remembered as large. */
const MAX_KNOWN = 1_000;

/**
 * Bounds the memory of all lists that are being read: many small ones at a time, but one large one. A
 * list takes up to ten times its bytes while it is read.
 */
export interface LargeLists {
  /** Was the repository's list large when it was read last? */
  expects(call: Call): boolean;
  /**
   * Waits until no other large list is being read. @returns ends it, once
   * @throws AppError what the deadline says when it fires first
   */
  begin(call: Call): Promise<() => void>;
  /** The list turned out to be small. */
  wasSmall(call: Call): void;
}

/** No large list is being read or known. */
export function createLargeLists(): LargeLists {
  const places = new Places(1);
  const known = new BoundedMap<string, true>(MAX_KNOWN);
  return {
    expects: ({ base }) => known.has(base.href),
    async begin(call) {
      known.set(call.base.href, true);
      return places.take(call, `${call.name}: waiting for other large tag lists`);
    },
    wasSmall: ({ base }) => known.delete(base.href),
  };
}
