import pLimit, { type LimitFunction } from 'p-limit';

/** Questions to registries at the same time: what bounds the memory that their answers take. */
const MAX_IN_FLIGHT = 8;

/**
 * Of these, at one host: a registry that never answers must leave places to the others. The adapter sends
 * no more than this to one host anyway.
 */
const MAX_AT_ONE_HOST = 6;

/** Places for questions to registries. How fast each is asked is the adapter's business. */
export class RegistryPlaces {
  readonly #all = pLimit(MAX_IN_FLIGHT);
  readonly #byHost = new Map<string, LimitFunction>();

  /** Does work at a host as soon as there is a place; who waits for one of the host takes none of the others'. */
  at<T>(host: string, work: () => Promise<T>): Promise<T> {
    for (const [name, { activeCount, pendingCount }] of this.#byHost) {
      if (activeCount + pendingCount === 0) this.#byHost.delete(name);
    }
    const ofHost = this.#byHost.get(host) ?? pLimit(MAX_AT_ONE_HOST);
    this.#byHost.set(host, ofHost);
    return ofHost(() => this.#all(work));
  }
}
