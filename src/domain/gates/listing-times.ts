/** Since when a repository's tags have been listed, as far as the scans of this process tell. */
export interface ListingTimes {
  /** The first scan. What was there then has been there for no one knows how long. */
  readonly begin: Date;
  /** Tags that a later scan listed first. */
  readonly later: ReadonlyMap<string, Date>;
}

/**
 * Listing times after one more scan. A tag that vanished and came back counts from its return.
 * @param previous of the scan before, with its tags; undefined: there was none
 */
export function listingTimes(
  previous: { readonly tags: ReadonlySet<string>; readonly listed: ListingTimes } | undefined,
  tags: Iterable<string>,
  at: Date,
): ListingTimes {
  if (previous === undefined) return { begin: at, later: new Map() };
  const later = new Map<string, Date>();
  for (const tag of tags) {
    const since = previous.tags.has(tag) ? previous.listed.later.get(tag) : at;
    if (since !== undefined) later.set(tag, since);
  }
  return { begin: previous.listed.begin, later };
}

/** Since when a tag that is listed now has been listed. */
export function listedSince({ begin, later }: ListingTimes, tag: string): Date {
  return later.get(tag) ?? begin;
}
