import type { ApiClient } from './api-client.ts';
import type { ClusterTiming } from './timing.ts';
import type { ClusterObserver } from './trouble.ts';

/** What every part of this adapter works with. */
export interface ClusterContext {
  readonly client: ApiClient;
  readonly timing: ClusterTiming;
  /** From 0 to 1; spreads retries and ends of watches. */
  readonly random: () => number;
  readonly observer: ClusterObserver;
}
