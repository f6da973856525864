import { toSeconds } from '../api/conditions.ts';
import type { ImageUpdateAutomationStatus } from '../api/image-update-automation-status.ts';
import type { Wait } from './plan/waiting.ts';
import { parseDuration } from './schedule.ts';

/** Changes that wait for more of them, so that all are written at once. */
export interface Batch {
  /** `spec.batchWindow`. */
  readonly window: string;
  /** When the first of them was wanted, to the second: so it is kept. */
  readonly since: Date;
  /** When all of them are written. */
  readonly until: Date;
}

/**
 * The batch that new changes belong to: the one that is open, or else one that begins now. Those that come
 * later do not prolong it.
 * @param since when the open one began; a time that is yet to come, as after a clock was put back, counts as now
 */
export function batchAt(window: string, since: Date | undefined, now: Date): Batch {
  const begun = Math.min(since?.getTime() ?? Infinity, now.getTime());
  const sinceMs = Math.floor(begun / 1_000) * 1_000;
  return { window, since: new Date(sinceMs), until: new Date(sinceMs + parseDuration(window)) };
}

/** What keeps the changes of a batch waiting; undefined: it is time to write them. */
export function waitOf({ window, until }: Batch, now: Date): Wait | undefined {
  if (now >= until) return undefined;
  const text = `for more changes until ${toSeconds(until)} (batchWindow ${window})`;
  return { reason: 'Batching', text };
}

/**
 * What became of new changes in a pass: some wait, all were written, there are none, or nobody knows: a registry
 * that does not answer takes nothing back.
 */
export type BatchOutcome = 'waiting' | 'written' | 'none' | 'unknown';

/** The batch that is open after a pass; undefined: none is. @param before when the one before it had begun */
export function batchAfter(
  batch: Batch,
  before: Date | undefined,
  outcome: BatchOutcome,
): Batch | undefined {
  if (outcome === 'waiting') return batch;
  return outcome === 'unknown' && before !== undefined ? batch : undefined;
}

/** A batch as status tells it. */
export function keptBatch({ since, until }: Batch): NonNullable<KeptBatch> {
  return { since: toSeconds(since), until: toSeconds(until) };
}

/** When a batch began, as status tells it; undefined: none is open. */
export function batchSince({ batch }: { readonly batch?: KeptBatch }): Date | undefined {
  return batch === undefined ? undefined : new Date(batch.since);
}

type KeptBatch = ImageUpdateAutomationStatus['batch'];
