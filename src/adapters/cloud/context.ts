import type { Clock } from '../../ports/ports.ts';

/** What asking a cloud takes. */
export interface CloudContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Fires when the cloud has taken too long. */
  readonly signal: AbortSignal;
}
