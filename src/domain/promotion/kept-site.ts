import { imagePolicyStatusSchema } from '../../api/image-policy-status.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import {
  keptTimelines,
  readTimelines,
  type KeptTimelines,
  type PlacedTimeline,
} from './kept-timelines.ts';
import type { Timeline } from './timeline.ts';

/** Where locations are: what an automation writes in a repo. */
export type Site = Omit<PlacedTimeline, 'timeline'>;

/** What is known of a site's past. */
export interface SiteMemory {
  /** When all of it was last looked at; absent where that is not kept. */
  readonly lastLook?: Date;
  readonly timelines: ReadonlyMap<PolicyKey, Timeline>;
}

/** A site as it is kept where there is no status: for each policy what its status would say. */
export interface KeptSite {
  readonly lastLook: string | undefined;
  readonly deployed: Readonly<Record<PolicyKey, KeptTimelines>>;
}

const deployedSchema = imagePolicyStatusSchema.pick({ deployed: true });

/** What is kept of a site. */
export function keptSite(site: Site, { lastLook, timelines }: SiteMemory): KeptSite {
  const deployed = [...timelines].map(
    ([policy, timeline]) => [policy, keptTimelines([{ ...site, timeline }])] as const,
  );
  return { lastLook: lastLook?.toISOString(), deployed: Object.fromEntries(deployed) };
}

/**
 * Reads what {@link keptSite} gave; of anything else, nothing is known.
 * @param policies those to be known of
 */
export function readSite(kept: unknown, policies: Iterable<PolicyKey>): SiteMemory {
  const { lastLook, deployed } = (kept ?? {}) as Partial<Record<keyof KeptSite, unknown>>;
  const ofPolicies = (deployed ?? {}) as Readonly<Record<PolicyKey, unknown>>;
  const looked = new Date(typeof lastLook === 'string' ? lastLook : Number.NaN);
  return {
    ...(Number.isNaN(looked.getTime()) ? {} : { lastLook: looked }),
    timelines: new Map(
      [...policies].flatMap((policy) => {
        const { data } = deployedSchema.safeParse({ deployed: ofPolicies[policy] });
        return readTimelines(data?.deployed).map(({ timeline }) => [policy, timeline] as const);
      }),
    ),
  };
}
