import type { LeaseClaim } from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import {
  holderAddress,
  LeaseObject,
  microTime,
  type LeaseRecord,
  type LeaseSpec,
} from './lease-record.ts';

/** A moment by both clocks. */
interface Moment {
  /** Goes on while the process is frozen; may stand still while the machine sleeps. */
  readonly monotonic: number;
  /** Goes on while the machine sleeps; may be set. */
  readonly wall: number;
}

interface Held {
  readonly record: LeaseRecord;
  /** When the request was sent that renewed it last. */
  readonly since: Moment;
  readonly acquireTime: string;
}

/**
 * One process that wants a Lease. The algorithm is client-go's: whoever sees the Lease unchanged for its whole
 * duration, by the own clock, may take it; so clocks of different machines need not agree.
 */
export class LeaseCandidate {
  readonly #context: ClusterContext;
  readonly #identity: string;
  readonly #onHolder: LeaseClaim['onHolder'];
  readonly #lease: LeaseObject;
  #held: Held | undefined;
  #observed: { readonly version: string; readonly at: number } | undefined;

  constructor(context: ClusterContext, lease: LeaseClaim) {
    this.#context = context;
    this.#identity = lease.identity;
    this.#onHolder = lease.onHolder;
    this.#lease = new LeaseObject(context, lease);
  }

  /** How long the lease is surely still ours, in ms; 0 when it is not. No request is made. */
  remainingMs(): number {
    if (this.#held === undefined) return 0;
    const { monotonic, wall } = this.#held.since;
    const now = moment();
    // The clock that went further is believed: at worst we give up what we still had.
    const elapsed = Math.max(now.monotonic - monotonic, now.wall - wall);
    return Math.max(0, this.#context.timing.lease.renewDeadlineMs - elapsed);
  }

  /** Takes the lease if it is free. @returns whether it is ours now */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const options = { signal, timeoutMs: this.#context.timing.lease.renewDeadlineMs };
    const found = await this.#lease.read(signal, options.timeoutMs);
    if (found !== undefined && !this.#isFree(found)) {
      this.#onHolder?.(holderAddress(found));
      return false;
    }
    const since = moment();
    const acquireTime = microTime(new Date());
    const transitions = found === undefined ? 0 : (found.spec.leaseTransitions ?? 0) + 1;
    const spec = this.#spec(acquireTime, transitions);
    const record = await this.#lease.write(spec, found, options);
    if (record !== undefined) this.#held = { record, since, acquireTime };
    return record !== undefined;
  }

  /** Renews it. @returns false when it is somebody else's */
  async renew(signal: AbortSignal, timeoutMs: number): Promise<boolean> {
    if (this.#held === undefined) return false;
    const { record: last, acquireTime } = this.#held;
    const since = moment();
    const spec = this.#spec(acquireTime, last.spec.leaseTransitions ?? 0);
    const record = await this.#replaceOwn(last, spec, { signal, timeoutMs });
    if (record !== undefined) this.#held = { record, since, acquireTime };
    return record !== undefined;
  }

  /** Gives the lease back, so that the next candidate need not wait for its end. */
  async release(signal: AbortSignal, timeoutMs: number): Promise<void> {
    if (this.#held === undefined) return;
    const { record, acquireTime } = this.#held;
    this.#held = undefined;
    const spec = this.#spec(acquireTime, record.spec.leaseTransitions ?? 0);
    const free = { ...spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#replaceOwn(record, free, { signal, timeoutMs });
  }

  /** It is no longer ours: we neither renew nor release it. */
  forget(): void {
    this.#held = undefined;
  }

  #isFree({ metadata, spec }: LeaseRecord): boolean {
    const now = performance.now();
    if (this.#observed?.version !== metadata.resourceVersion)
      this.#observed = { version: metadata.resourceVersion, at: now };
    if ((spec.holderIdentity ?? '') === '') return true;
    const announcedMs = (spec.leaseDurationSeconds ?? 0) * 1000;
    const durationMs = Math.max(announcedMs, this.#context.timing.lease.durationMs);
    return now - this.#observed.at >= durationMs;
  }

  /** Also when an earlier write of ours arrived whose answer did not. */
  async #replaceOwn(
    last: LeaseRecord,
    spec: LeaseSpec,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<LeaseRecord | undefined> {
    const record = await this.#lease.write(spec, last, options);
    if (record !== undefined) return record;
    const found = await this.#lease.read(options.signal, options.timeoutMs);
    if (found?.spec.holderIdentity !== this.#identity) return undefined;
    return this.#lease.write(spec, found, options);
  }

  #spec(acquireTime: string, leaseTransitions: number): LeaseSpec {
    return {
      holderIdentity: this.#identity,
      leaseDurationSeconds: Math.ceil(this.#context.timing.lease.durationMs / 1000),
      acquireTime,
      renewTime: microTime(new Date()),
      leaseTransitions,
    };
  }
}

function moment(): Moment {
  return { monotonic: performance.now(), wall: Date.now() };
}
