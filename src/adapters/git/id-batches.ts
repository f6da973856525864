/** A request for so many ids is some 500 kB: below what `git` sends in one piece, and what servers before a forge let through. */
const MAX_IDS = 10_000;

/** Ids in lists that go into one request each. */
export function idBatches(ids: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(ids.length / MAX_IDS) }, (_, nth) =>
    ids.slice(nth * MAX_IDS, (nth + 1) * MAX_IDS),
  );
}
