import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { SeenSite } from '../../domain/promotion/judge-source.ts';
import type { Site } from '../../domain/promotion/kept-site.ts';
import type { KnownLocations } from './timelines-after.ts';

/** What a complete look found of what an automation writes. */
export interface FoundSite extends KnownLocations {
  readonly site: Site;
  /** Why nobody could tell what was there before. */
  readonly untold: string | undefined;
  /** Files that hold locations. */
  readonly paths: ReadonlySet<string>;
}

interface WatchedSite extends SeenSite {
  /** As the last complete look found it. */
  readonly found?: FoundSite | undefined;
}

/** What automations write, by automation: as it was found, and why it could not be looked at since. */
export class WatchedSites {
  readonly #sites = new Map<string, WatchedSite>();

  /** How it looks to those who judge by it. */
  get seen(): ReadonlyMap<string, SeenSite> {
    return this.#sites;
  }

  /** Those that were ever found, whatever became of them since. */
  get found(): readonly FoundSite[] {
    return [...this.#sites.values()].flatMap(({ found }) => found ?? []);
  }

  of(automation: string): FoundSite | undefined {
    return this.#sites.get(automation)?.found;
  }

  find(automation: string, found: FoundSite): void {
    const { memory, untold } = found;
    this.#sites.set(automation, { found, memory, untold });
  }

  /** From here on nobody knows what is there. @param trouble why, in one line */
  lose(automation: string, trouble: string): void {
    this.#sites.set(automation, { ...this.#sites.get(automation), trouble });
  }

  drop(automation: string): void {
    this.#sites.delete(automation);
  }

  /** What happened while an automation was away or suspended, nobody saw: it has to look again. */
  keepOnly(automations: ReadonlyMap<string, ImageUpdateAutomation>): void {
    for (const name of this.#sites.keys()) {
      const automation = automations.get(name);
      if (automation === undefined) this.drop(name);
      else if (automation.spec.suspend && this.of(name)) this.lose(name, 'it was suspended');
    }
  }
}
