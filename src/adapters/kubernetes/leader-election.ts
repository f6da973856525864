import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { AppError, asAppError } from '../../domain/errors.ts';
import type { Cluster, Leadership } from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import { LeaseCandidate } from './lease-candidate.ts';
import { pause } from './pause.ts';
import { Trouble } from './trouble.ts';

/** How much longer than its nominal time a candidate waits between attempts, at most (client-go). */
const JITTER = 0.2;

/** A request about the lease may take this part of the renew deadline, so that a second one fits in. */
const REQUEST_SHARE = 0.5;

type Lease = Parameters<Cluster['lead']>[0];
type Lead = Parameters<Cluster['lead']>[1];

/** Competes for a lease, again and again, until the signal fires or `lead` returns. @see Cluster.lead */
export async function competeForLease(
  context: ClusterContext,
  { lease, lead }: { readonly lease: Lease; readonly lead: Lead },
  signal: AbortSignal,
): Promise<void> {
  const trouble = new Trouble(`lease ${lease.namespace}/${lease.name}`, context.observer);
  // A restarted Pod has its old name: only what this very process got may count as its own.
  const identity = `${lease.identity}_${randomUUID()}`;
  const candidate = new LeaseCandidate(context, { ...lease, identity });
  while (!signal.aborted) {
    try {
      const acquired = await candidate.acquire(signal);
      trouble.worked();
      if (acquired && (await new Term(context, candidate, trouble).serve(lead, signal)) === 'over')
        return;
    } catch (error) {
      if (error instanceof LeadFailure) throw error.cause;
      if (!signal.aborted) trouble.failed(asAppError(error));
    }
    const { retryMs } = context.timing.lease;
    await pause(retryMs * (1 + JITTER * context.random()), signal);
  }
}

/** What `lead` threw, as opposed to what went wrong with the lease. */
class LeadFailure extends Error {}

/** One time of leading: from getting the lease to losing it or giving it back. */
class Term {
  readonly #context: ClusterContext;
  readonly #candidate: LeaseCandidate;
  readonly #trouble: Trouble;

  constructor(context: ClusterContext, candidate: LeaseCandidate, trouble: Trouble) {
    this.#context = context;
    this.#candidate = candidate;
    this.#trouble = trouble;
  }

  /** @returns `over` when `lead` returned by itself or as it was told to, `lost` when the lease was lost */
  async serve(lead: Lead, signal: AbortSignal): Promise<'over' | 'lost'> {
    const stop = new AbortController();
    const ended = new AbortController();
    // The whole controller hangs on it.
    setMaxListeners(0, stop.signal);
    const onStop = () => stop.abort();
    if (signal.aborted) onStop();
    signal.addEventListener('abort', onStop, { once: true });
    const leadership: Leadership = { holds: () => this.#candidate.remainingMs() > 0 };
    // Renewed until the work has ended, also while it is being stopped: it may still be about to push.
    const work = lead(leadership, stop.signal).finally(() => ended.abort());
    const renewal = this.#renewUntil(ended.signal).then((kept) => {
      if (!kept) stop.abort();
      return kept;
    });
    const [result, kept] = await Promise.all([settled(work), renewal]);
    signal.removeEventListener('abort', onStop);
    await this.#release(kept);
    const told = !kept || signal.aborted;
    if (result !== undefined && !(told && asAppError(result.error).code === 'cancelled'))
      throw new LeadFailure('lead failed', { cause: result.error });
    return kept ? 'over' : 'lost';
  }

  /** @returns false as soon as the lease may be lost */
  async #renewUntil(ended: AbortSignal): Promise<boolean> {
    const { renewDeadlineMs, retryMs } = this.#context.timing.lease;
    while (!ended.aborted) {
      await pause(Math.min(retryMs, this.#candidate.remainingMs()), ended);
      if (ended.aborted) break;
      const remaining = this.#candidate.remainingMs();
      if (remaining === 0) return this.#lost('could not be renewed in time');
      try {
        const timeoutMs = Math.min(remaining, renewDeadlineMs * REQUEST_SHARE);
        if (!(await this.#candidate.renew(ended, timeoutMs)) && !ended.aborted)
          return this.#lost('was taken by another process');
        this.#trouble.worked();
      } catch (error) {
        if (!ended.aborted) this.#trouble.failed(asAppError(error));
      }
    }
    return this.#candidate.remainingMs() > 0;
  }

  #lost(how: string): false {
    this.#candidate.forget();
    this.#trouble.failed(
      new AppError('cluster/unreachable', `no longer the leader: the lease ${how}`, {
        retry: true,
      }),
    );
    return false;
  }

  async #release(kept: boolean): Promise<void> {
    if (!kept) return;
    try {
      const { renewDeadlineMs } = this.#context.timing.lease;
      // The process is stopping, so its signal has fired; this last request is bound by time alone.
      await this.#candidate.release(new AbortController().signal, renewDeadlineMs * REQUEST_SHARE);
    } catch (error) {
      this.#trouble.failed(asAppError(error));
    }
  }
}

async function settled(work: Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return { error };
  }
}
