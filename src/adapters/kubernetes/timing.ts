/** How long things take and may take, in ms. */
export interface ClusterTiming {
  /** Bound on one request. */
  readonly requestMs: number;
  /** A watch on which nothing at all came for so long is taken for dead. */
  readonly watchSilenceMs: number;
  /** First pause after a failure; doubles up to {@link maxRetryMs}. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** A Secret that nobody read for so long is no longer watched. */
  readonly secretIdleMs: number;
  /** How often a Secret is read again that may not be watched. */
  readonly secretPollMs: number;
  readonly lease: LeaseTiming;
}

/** Times of leader election, in ms. */
export interface LeaseTiming {
  /** A lease not seen to change for so long is anybody's. */
  readonly durationMs: number;
  /** A leader that could not renew for so long stops; shorter than {@link durationMs}. */
  readonly renewDeadlineMs: number;
  /** Pause between attempts to get or to renew the lease. */
  readonly retryMs: number;
}

/**
 * For production. API servers send a bookmark about once a minute, so two in a row must be lost before a watch
 * is taken for dead. The lease's times are client-go's.
 */
export const CLUSTER_TIMING: ClusterTiming = {
  requestMs: 30_000,
  watchSilenceMs: 150_000,
  retryMs: 500,
  maxRetryMs: 30_000,
  secretIdleMs: 3_600_000,
  secretPollMs: 60_000,
  lease: { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
};
