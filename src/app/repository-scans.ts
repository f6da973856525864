import pLimit from 'p-limit';
import type { ImagePolicy } from '../api/image-policy.ts';
import { AppError } from '../domain/errors.ts';
import { parseRepository, repositoryKey } from '../domain/image-reference.ts';
import { nextScan } from './due-times.ts';
import { accessKey, registryAccess } from './registry-access.ts';
import type { Clock, CronTimes, Registry, Secrets } from '../ports.ts';

/** Repositories asked at the same time; each registry's own limit is the adapter's business. */
const MAX_SCANS_IN_FLIGHT = 8;

/** What one repository answered. */
export interface RepositoryScan {
  readonly at: Date;
  readonly tags: ReadonlySet<string>;
  /** Digests asked for since, by tag; null where the registry has no such tag. */
  readonly digests: Map<string, string | null>;
}

/** A scan, or why there is none. */
export type ScanAnswer = RepositoryScan | { readonly at: Date; readonly error: AppError };

/** The outside effects of scanning. */
export interface ScanPorts {
  readonly registry: Registry;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly cron: CronTimes;
}

/**
 * Scans of repositories: one per repository and login, shared by every policy that needs it, kept
 * until a policy says that it is due again.
 */
export class RepositoryScans {
  readonly #ports: ScanPorts;
  readonly #limit = pLimit(MAX_SCANS_IN_FLIGHT);
  readonly #answers = new Map<string, ScanAnswer>();
  readonly #inFlight = new Map<string, Promise<ScanAnswer>>();

  constructor(ports: ScanPorts) {
    this.#ports = ports;
  }

  /** The scan that a policy sees now: the last one, or a new one where it is due. */
  async scan(policy: ImagePolicy, signal: AbortSignal): Promise<ScanAnswer> {
    const key = scanKey(policy);
    const last = this.#answers.get(key);
    const now = this.#ports.clock.now();
    if (last !== undefined && nextScan(policy.spec, last.at, this.#ports.cron) > now) return last;
    const running = this.#inFlight.get(key);
    if (running !== undefined) return running;
    const scan = this.#limit(() => this.#ask(policy, signal));
    this.#inFlight.set(key, scan);
    try {
      const answer = await scan;
      this.#answers.set(key, answer);
      return answer;
    } finally {
      this.#inFlight.delete(key);
    }
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
    const access = await registryAccess(policy, this.#ports.secrets, signal);
    const repository = parseRepository(policy.spec.image);
    const digest = await this.#ports.registry.digest(repository, tag, access, signal);
    scan.digests.set(tag, digest ?? null);
    return digest ?? null;
  }

  /** When the policy is to be scanned next; now, when it never was. */
  nextDue(policy: ImagePolicy): Date {
    const last = this.#answers.get(scanKey(policy));
    return last === undefined
      ? this.#ports.clock.now()
      : nextScan(policy.spec, last.at, this.#ports.cron);
  }

  async #ask(policy: ImagePolicy, signal: AbortSignal): Promise<ScanAnswer> {
    const at = this.#ports.clock.now();
    // Following one mutable tag needs no list: its digest says all.
    if (policy.spec.policy.digest !== undefined) return { at, tags: new Set(), digests: new Map() };
    try {
      const access = await registryAccess(policy, this.#ports.secrets, signal);
      const repository = parseRepository(policy.spec.image);
      const tags = await this.#ports.registry.listTags(repository, access, signal);
      return { at, tags: new Set(tags), digests: new Map() };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      return { at, error };
    }
  }
}

/** Policies of one repository share a scan when they log in alike; followed tags need no list. */
function scanKey(policy: ImagePolicy): string {
  const repository = repositoryKey(parseRepository(policy.spec.image));
  const kind = policy.spec.policy.digest === undefined ? 'list' : 'digest';
  return JSON.stringify([repository, kind, accessKey(policy)]);
}
