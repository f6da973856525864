import type { Batch } from '../../domain/batch-window.ts';

/** What changes are collected for: an automation, and the branch that it reads. */
export interface BatchSite {
  /** `namespace/name`. */
  readonly automation: string;
  readonly repo: string;
}

/** Where the beginning of a batch outlives the process: the status of the automation, or files. */
export interface BatchStore {
  /** When the open batch began; undefined: none is open. */
  load(site: BatchSite): Promise<Date | undefined>;
  /** Called when that has changed. */
  save(site: BatchSite, batch: Batch | undefined): Promise<void>;
}

interface KnownBatch {
  readonly repo: string;
  readonly since: Date | undefined;
  /** What the store has, as far as that is known to have succeeded. */
  readonly saved: Date | undefined;
}

/** The batch of each automation: loaded once, and then kept up to date, whatever becomes of the store. */
export class Batches {
  readonly #store: BatchStore;
  readonly #known = new Map<string, KnownBatch>();
  readonly #asked = new Set<string>();

  constructor(store: BatchStore) {
    this.#store = store;
  }

  /** When the open batch of a site began; undefined: none is open. */
  async since(site: BatchSite): Promise<Date | undefined> {
    const known = this.#known.get(site.automation);
    if (known !== undefined) return known.repo === site.repo ? known.since : undefined;
    const since = await this.#store.load(site);
    this.#known.set(site.automation, { repo: site.repo, since, saved: since });
    return since;
  }

  /** Takes note of a pass that was carried out, and of what is open after it. */
  async passed(site: BatchSite, batch: Batch | undefined): Promise<void> {
    const { automation, repo } = site;
    const since = batch?.since;
    const known = this.#known.get(automation);
    const saved = known?.repo === repo ? known.saved : undefined;
    this.#asked.delete(automation);
    this.#known.set(automation, { repo, since, saved });
    if (saved?.getTime() === since?.getTime()) return;
    await this.#store.save(site, batch);
    this.#known.set(automation, { repo, since, saved: since });
  }

  /** A person asks for a run: nothing waits for more changes until one was carried out. */
  ask(automation: string): void {
    this.#asked.add(automation);
  }

  isAsked(automation: string): boolean {
    return this.#asked.has(automation);
  }

  /** Lets go of an automation that is no more. */
  forget(automation: string): void {
    this.#known.delete(automation);
    this.#asked.delete(automation);
  }
}
