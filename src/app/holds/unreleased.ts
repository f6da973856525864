import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Hold } from '../../domain/plan/hold.ts';
import type { HoldMemory } from './hold-memory.ts';
import { releaseKey, type ReleaseSearch } from './released-places.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How far back is looked where a forge does not say when a pull request was closed. */
const MAX_AGE_MS = 90 * DAY_MS;

/** A branch whose commits may lift holds. */
export interface ReleaseSource extends Omit<ReleaseSearch, 'since'> {
  readonly memory: HoldMemory;
}

/**
 * Leaves out what a commit lifts that names the pull request. To name it is exact: no clocks are compared, but for
 * how far back it is looked, with a day to spare.
 */
export async function unreleased(
  { history, head, memory }: ReleaseSource,
  {
    policy,
    holds,
    now,
  }: { readonly policy: PolicyKey; readonly holds: readonly Hold[]; readonly now: Date },
  signal: AbortSignal,
): Promise<readonly Hold[]> {
  if (holds.length === 0) return holds;
  const times = holds.map(({ time }) =>
    time === undefined ? now.getTime() - MAX_AGE_MS : Date.parse(time),
  );
  const since = new Date(Math.min(...times) - DAY_MS);
  const released = await memory.released({ history, head, since }, signal);
  return holds.filter(({ pullRequest = '' }) => !released.has(releaseKey(policy, pullRequest)));
}
