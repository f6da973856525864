import type { ImagePolicy } from '../../api/image-policy.ts';
import { listedSince } from '../../domain/gates/listing-times.ts';
import type { KnownPast } from '../../domain/gates/minimum-age.ts';
import { underOtherRules, type PolicyMemory } from '../../domain/gates/policy-memory.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { policyKey, writtenName } from '../../domain/plan/policy-view.ts';
import type { RepositoryScan } from './repository-scans.ts';

/** Where what is remembered of policies outlives the process: their status, or files. */
export interface MemoryStore {
  /** @returns undefined when the policy was never looked at, or was about another image then */
  load(policy: ImagePolicy): Promise<PolicyMemory | undefined>;
  /** Called when a memory has changed. */
  save(policy: ImagePolicy, memory: PolicyMemory): Promise<void>;
}

/** A policy's past, as this process knows it. */
export interface PolicyPast {
  readonly memory: PolicyMemory;
  /** What this process saw first, and since when its tags count as known; undefined: since ever. */
  readonly firstLook: { readonly at: Date; readonly tagsSince: Date | undefined };
}

interface Known {
  readonly image: string;
  rules: string;
  past: PolicyPast;
}

/** What is remembered of each policy: loaded once, and then kept up to date. */
export class PolicyMemories {
  readonly #store: MemoryStore;
  readonly #pasts = new Map<PolicyKey, Known>();

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  /** The past of a policy. @param scan the one that is looked at */
  async past(policy: ImagePolicy, scan: RepositoryScan): Promise<PolicyPast> {
    const key = policyKey(policy);
    const image = imageOf(policy);
    const rules = rulesOf(policy);
    const known = this.#pasts.get(key);
    if (known?.image === image) {
      if (known.rules !== rules) {
        known.rules = rules;
        known.past = { ...known.past, memory: underOtherRules(known.past.memory) };
      }
      return known.past;
    }
    const memory = await this.#store.load(policy);
    const past = { memory: memory ?? { sightings: [] }, firstLook: firstLook(memory, scan) };
    this.#pasts.set(key, { image, rules, past });
    return past;
  }

  /** Remembers what a look found: what it makes of the memory so far. */
  async remember(policy: ImagePolicy, next: (before: PolicyMemory) => PolicyMemory): Promise<void> {
    const known = this.#pasts.get(policyKey(policy));
    if (known?.image !== imageOf(policy)) return;
    const memory = next(known.past.memory);
    if (isSame(known.past.memory, memory)) return;
    known.past = { ...known.past, memory };
    await this.#store.save(policy, memory);
  }

  forget(key: PolicyKey): void {
    this.#pasts.delete(key);
  }
}

/** What is known of one tag that a scan lists. */
export function pastOf(
  tag: string,
  { listed }: RepositoryScan,
  { memory, firstLook: { at, tagsSince } }: PolicyPast,
): KnownPast {
  const sighting = memory.sightings.find((one) => one.tag === tag);
  const since = listedSince(listed, tag);
  return {
    ...(sighting === undefined ? {} : { sighting }),
    listedSince: since > at ? since : tagsSince,
  };
}

/**
 * Tags of the first look ever count as aged. After a restart, the same list as before has been there
 * since then; of another one nobody knows which tags came while nobody looked, and they count from now.
 */
function firstLook(
  memory: PolicyMemory | undefined,
  { at, revision }: RepositoryScan,
): PolicyPast['firstLook'] {
  if (memory === undefined) return { at, tagsSince: undefined };
  const { list } = memory;
  return { at, tagsSince: list?.revision === revision ? list.since : at };
}

/** What a choice depends on, besides the registry: under other rules an older choice is no surprise. */
export function rulesOf({ spec }: ImagePolicy): string {
  const { policy, filterTags, platforms, minimumAge, promoteFrom } = spec;
  const rules = [policy, filterTags, platforms, minimumAge];
  return JSON.stringify(promoteFrom === undefined ? rules : [...rules, promoteFrom]);
}

function imageOf(policy: ImagePolicy): string {
  return JSON.stringify([policy.spec.image, writtenName(policy)]);
}

function isSame(a: PolicyMemory, b: PolicyMemory): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
