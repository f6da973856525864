import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import {
  keptSite,
  readSite,
  type Site,
  type SiteMemory,
} from '../../domain/promotion/kept-site.ts';
import type { StateFiles } from '../../ports/ports.ts';

/** Where what is known of sites outlives the process: the status of policies, or files. */
export interface SiteStore {
  /** @param policies those to be known of */
  load(site: Site, policies: Iterable<PolicyKey>): Promise<SiteMemory>;
  /** Called after each complete look. */
  save(site: Site, memory: SiteMemory): Promise<void>;
}

/** Sites as files, for use without a cluster. Of a folder nothing is kept: no name tells it from others. */
export function recordedSites(records: StateFiles): SiteStore {
  return {
    load: async (site, policies) =>
      readSite(site.repo === '' ? undefined : await records.load(nameOf(site)), policies),
    save: async (site, memory) => {
      if (site.repo !== '') await records.save(nameOf(site), keptSite(site, memory));
    },
  };
}

function nameOf({ automation, repo }: Site): string {
  return `locations of ${automation} in ${repo}`;
}
