import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import { listingTimes, type ListingTimes } from '../../domain/gates/listing-times.ts';
import { parseRepository, repositoryKey } from '../../domain/image-reference.ts';
import { backoffMs } from '../../domain/schedule.ts';
import { tagsRevision } from '../../domain/tags-revision.ts';
import { nextScan } from './due-times.ts';
import { HeldTags } from './held-tags.ts';
import { RegistryPlaces } from './registry-places.ts';
import { shareWork } from './share-work.ts';
import { accessKey, registryAccess, type AccessPorts } from '../access/registry-access.ts';
import type { Clock, CronTimes } from '../../ports/ports.ts';
import type { Registry, ToldImage } from '../../ports/registry.ts';

/** A failed scan is repeated after this long, doubled each time; the registry's adapter has retried by then. */
const RETRY = { firstMs: 15_000, maxMs: 300_000 };

/** What one repository answered. */
export interface RepositoryScan {
  readonly at: Date;
  readonly tags: ReadonlySet<string>;
  /** Hash over the tags: the same tags, the same revision. */
  readonly revision: string;
  /** Since when the tags have been listed. */
  readonly listed: ListingTimes;
  /** Digests asked for since, by tag; null where the registry has no such tag. */
  readonly digests: Map<string, string | null>;
  /** What the list told of images on its own, by tag. */
  readonly told: ReadonlyMap<string, ToldImage>;
}

/** What a scan found: without a list, the one tag that was asked for, if it is there. */
interface Found {
  readonly tags: ReadonlySet<string>;
  readonly digests: Map<string, string | null>;
  readonly told: ReadonlyMap<string, ToldImage>;
}

/** No scan, and why. */
interface FailedScan {
  readonly at: Date;
  readonly error: AppError;
  /** In a row, this one included. */
  readonly failures: number;
}

/** A scan, or why there is none. */
export type ScanAnswer = RepositoryScan | FailedScan;

/** The outside effects of scanning. */
export interface ScanPorts extends AccessPorts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly cron: CronTimes;
}

/**
 * Scans of repositories: one per repository and login, shared by every policy that needs it, kept
 * until a policy says that it is due again. A failed one is repeated sooner.
 */
export class RepositoryScans {
  readonly #ports: ScanPorts;
  readonly #places = new RegistryPlaces();
  readonly #answers = new Map<string, ScanAnswer>();
  /** The last scan that succeeded, for when tags were first listed; what is due again keeps its past. */
  readonly #former = new Map<string, { tags: ReadonlySet<string>; listed: ListingTimes }>();
  readonly #held = new HeldTags();
  /** When a scan is to be made although it is not due. */
  readonly #again = new Map<string, Date>();
  readonly #scansInFlight = new Map<string, Promise<ScanAnswer>>();
  readonly #digestsInFlight = new Map<string, Promise<string | null>>();

  constructor(ports: ScanPorts) {
    this.#ports = ports;
  }

  /** The scan that a policy sees now: the last one, or a new one where it is due. */
  async scan(policy: ImagePolicy, signal: AbortSignal): Promise<ScanAnswer> {
    const key = scanKey(policy);
    const last = this.#answers.get(key);
    if (last !== undefined && this.#dueAfter(policy, last) > this.#ports.clock.now()) return last;
    const scan: Promise<ScanAnswer> = shareWork(this.#scansInFlight, key, async () => {
      const answer = await this.#places.at(hostOf(policy), () => this.#ask(policy, last, signal));
      // A scan that was forgotten while it was under way answers those who wait for it, and nobody else.
      if (this.#scansInFlight.get(key) === scan) this.#answers.set(key, answer);
      return answer;
    });
    return scan;
  }

  /** Lets go of what a policy was answered, and of a scan under way: it is due at once. */
  forget(policy: ImagePolicy): void {
    const key = scanKey(policy);
    this.#answers.delete(key);
    this.#scansInFlight.delete(key);
  }

  /** Lets go of all that is known of a policy's repository: nobody asks for it any more. */
  drop(policy: ImagePolicy): void {
    this.forget(policy);
    this.#former.delete(scanKey(policy));
    this.#again.delete(scanKey(policy));
    this.#held.release(scanKey(policy));
  }

  /** Digest of a tag, asked for once per scan; null where the registry has no such tag. */
  async digest(
    policy: ImagePolicy,
    scan: RepositoryScan,
    tag: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const known = scan.digests.get(tag);
    if (known !== undefined) return known;
    const digest = await shareWork(
      this.#digestsInFlight,
      JSON.stringify([scanKey(policy), tag]),
      () => this.#places.at(hostOf(policy), () => this.#askDigest(policy, tag, signal)),
    );
    scan.digests.set(tag, digest);
    return digest;
  }

  /** Makes a scan due at a time, if it is not due before. */
  scanAgain(policy: ImagePolicy, at: Date): void {
    this.#again.set(scanKey(policy), at);
  }

  /** When the policy is to be scanned next; now, when it never was. */
  nextDue(policy: ImagePolicy): Date {
    const last = this.#answers.get(scanKey(policy));
    return last === undefined ? this.#ports.clock.now() : this.#dueAfter(policy, last);
  }

  /** A registry that says when to come back is not asked before; else a failure is retried soon. */
  #dueAfter(policy: ImagePolicy, last: ScanAnswer): Date {
    const regular = nextScan(policy.spec, last.at, this.#ports.cron);
    if (!('error' in last)) {
      const again = this.#again.get(scanKey(policy));
      return again !== undefined && again > last.at && again < regular ? again : regular;
    }
    const backoff = last.at.getTime() + backoffMs(last.failures, { ...RETRY, random: 1 });
    const earliest = last.at.getTime() + (last.error.afterMs ?? 0);
    return new Date(Math.max(earliest, Math.min(backoff, regular.getTime())));
  }

  async #ask(
    policy: ImagePolicy,
    last: ScanAnswer | undefined,
    signal: AbortSignal,
  ): Promise<ScanAnswer> {
    const at = this.#ports.clock.now();
    try {
      const { tags, digests, told } = await this.#find(policy, signal);
      const key = scanKey(policy);
      this.#held.hold(key, tags.size, policy.spec.image);
      const present = policy.spec.policy.digest === undefined ? tags : followedTags(digests);
      const listed = listingTimes(this.#former.get(key), present, at);
      this.#former.set(key, { tags: present, listed });
      return {
        at,
        tags,
        revision: tagsRevision(tags),
        listed,
        digests,
        told: this.#held.holdTold(key, told.size) ? told : new Map(),
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      const before = last !== undefined && 'error' in last ? last.failures : 0;
      return { at, error, failures: before + 1 };
    }
  }

  async #find(policy: ImagePolicy, signal: AbortSignal): Promise<Found> {
    const followed = policy.spec.policy.digest?.tag;
    // Following one mutable tag needs no list: its digest says all.
    if (followed !== undefined) {
      const digest = await this.#askDigest(policy, followed, signal);
      return { tags: new Set(), digests: new Map([[followed, digest]]), told: new Map() };
    }
    const access = await registryAccess(policy, this.#ports, signal);
    const repository = parseRepository(policy.spec.image);
    const { tags, told } = await this.#ports.registry.listTags(repository, access, signal);
    return { tags: new Set(tags), digests: new Map(), told };
  }

  async #askDigest(policy: ImagePolicy, tag: string, signal: AbortSignal): Promise<string | null> {
    const access = await registryAccess(policy, this.#ports, signal);
    const repository = parseRepository(policy.spec.image);
    return (await this.#ports.registry.digest(repository, tag, access, signal)) ?? null;
  }
}

/** The tags asked for that are there. */
function followedTags(digests: ReadonlyMap<string, string | null>): ReadonlySet<string> {
  return new Set([...digests].flatMap(([tag, digest]) => (digest === null ? [] : [tag])));
}

function hostOf(policy: ImagePolicy): string {
  return parseRepository(policy.spec.image).registry;
}

/** Are two policies served by one scan? */
export function shareScan(a: ImagePolicy, b: ImagePolicy): boolean {
  return scanKey(a) === scanKey(b);
}

/** Policies of one repository share a scan when they log in alike; a followed tag needs no list. */
function scanKey(policy: ImagePolicy): string {
  const repository = repositoryKey(parseRepository(policy.spec.image));
  return JSON.stringify([repository, policy.spec.policy.digest?.tag, accessKey(policy)]);
}
