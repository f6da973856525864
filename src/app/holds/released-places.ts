import { readRecord } from '../../domain/commit-record.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { GitBranch } from '../../ports/ports.ts';

/** How far back a release is looked for; by then what it let through is long merged, or refused anew. */
const MAX_COMMITS = 1_000;

/** Where releases are looked for. */
export interface ReleaseSearch {
  readonly history: Pick<GitBranch, 'log'>;
  /** Commit that is looked at. */
  readonly head: string;
  readonly since: Date;
}

/** Keys of places, see {@link releaseKey}, whose holds commits since a moment lift. */
export async function releasedPlaces(
  { history, head, since }: ReleaseSearch,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const released = new Set<string>();
  for await (const { time, message } of history.log(head, MAX_COMMITS, signal)) {
    if (time < since) break;
    for (const { policy, place } of readRecord(message).releases) {
      released.add(releaseKey(policy, place));
    }
  }
  return released;
}

/** A place that holds of a policy are lifted of, as one text. */
export function releaseKey(policy: PolicyKey, place: string): string {
  return `${policy} ${place}`;
}
