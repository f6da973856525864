import type { Hold } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { findHolds, type HoldQuery } from './hold-search.ts';
import { releasedPlaces, type ReleaseSearch } from './released-places.ts';

/**
 * The holds of a branch as its history tells them. What was found at a head is remembered for as long as
 * the branch stays there: history is looked at once for each slot, and not at all while nothing is to change.
 */
export class HoldMemory {
  #head = '';
  /** By slot; undefined: looked for, and there is none. */
  readonly #known = new Map<string, Hold | undefined>();
  /** As far back as it was looked. */
  #released: { readonly since: Date; readonly places: ReadonlySet<string> } | undefined;

  /** Those of the slots that are held. */
  async holdsOf(query: HoldQuery, signal: AbortSignal): Promise<ReadonlyMap<ImageSlot, Hold>> {
    this.#move(query.head);
    const keyOf = (slot: ImageSlot) => slotKey(slot, query);
    const unknown = query.slots.filter((slot) => !this.#known.has(keyOf(slot)));
    const found = await findHolds({ ...query, slots: unknown }, signal);
    for (const slot of unknown) this.#known.set(keyOf(slot), found.get(slot));
    return new Map(
      query.slots.flatMap((slot) => {
        const hold = this.#known.get(keyOf(slot));
        return hold === undefined ? [] : [[slot, hold] as const];
      }),
    );
  }

  /** Places whose holds commits since a moment lift. */
  async released(query: ReleaseSearch, signal: AbortSignal): Promise<ReadonlySet<string>> {
    this.#move(query.head);
    const known = this.#released;
    if (known !== undefined && known.since <= query.since) return known.places;
    const places = await releasedPlaces(query, signal);
    this.#released = { since: query.since, places };
    return places;
  }

  #move(head: string): void {
    if (this.#head === head) return;
    this.#known.clear();
    this.#released = undefined;
    this.#head = head;
  }
}

/** The rules of its policy count, too: they say what is newer. */
function slotKey({ policy, fields: [{ at, document, keyPath }] }: ImageSlot, query: HoldQuery) {
  const { policy: rules, filterTags } = query.owners.get(policy)?.policy?.spec ?? {};
  return JSON.stringify([at.path, document, keyPath, policy, rules, filterTags]);
}
