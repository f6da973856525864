import { toSeconds } from '../../api/conditions.ts';
import { MAX_DEPLOYED, type ImagePolicyStatus } from '../../api/image-policy-status.ts';
import type { Timeline } from './timeline.ts';

/** What the locations of a policy held in the repo of one automation. */
export interface PlacedTimeline {
  /** `namespace/name`; empty where there is none. */
  readonly automation: string;
  /** Hash over the repo and branch: of another one it says nothing. Empty for a folder. */
  readonly repo: string;
  readonly timeline: Timeline;
}

/** Timelines as they are kept in a status and in files alike. */
export type KeptTimelines = NonNullable<ImagePolicyStatus['deployed']>;

/** What is kept of timelines. A time is rounded up to the second: nothing has soaked sooner after a restart. */
export function keptTimelines(placed: readonly PlacedTimeline[]): KeptTimelines {
  // That nothing ever was somewhere is what the next look finds anyway.
  const telling = placed.filter(({ timeline }) => timeline.some(({ images }) => images.length > 0));
  const share = Math.max(1, Math.floor(MAX_DEPLOYED / telling.length));
  return telling
    .toSorted((a, b) => (a.automation < b.automation ? -1 : 1))
    .flatMap(({ automation, repo, timeline }) =>
      timeline.slice(-share).map(({ since, images }) => ({
        automation,
        repo,
        since: toSeconds(new Date(Math.ceil(since.getTime() / 1_000) * 1_000)),
        images: [...images],
      })),
    )
    .slice(0, MAX_DEPLOYED);
}

/** Reads what {@link keptTimelines} gave. */
export function readTimelines(kept: KeptTimelines = []): readonly PlacedTimeline[] {
  const placed = new Map<string, PlacedTimeline>();
  for (const { automation, repo, since, images } of kept) {
    const key = JSON.stringify([automation, repo]);
    const before = placed.get(key)?.timeline ?? [];
    const timeline = [...before, { since: new Date(since), images }];
    placed.set(key, { automation, repo, timeline });
  }
  return [...placed.values()];
}

/**
 * What is kept of a policy when only some of its places have been looked at: of the others, what was kept
 * before stays.
 * @param isOpen may the automation still be looked at?
 */
export function keptBeside(
  previous: KeptTimelines,
  seen: readonly PlacedTimeline[],
  isOpen: (automation: string) => boolean,
): KeptTimelines | undefined {
  const unseen = readTimelines(previous.filter(({ automation }) => isOpen(automation)));
  const kept = keptTimelines([...unseen, ...seen]);
  return kept.length === 0 ? undefined : kept;
}
