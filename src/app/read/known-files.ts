import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { ParsedFile } from './parse-file.ts';

/** What the files of a commit hold, by path; those that hold nothing of ours are not among them. */
export interface KnownFiles {
  readonly revision: string;
  readonly files: ReadonlyMap<string, ParsedFile>;
}

/** Where that is kept between runs. */
export interface KeptFiles {
  /** What {@link KeptFiles.save} was given last; undefined: nothing, or it cannot be relied on. */
  load(strategy: UpdateStrategy): Promise<unknown>;
  save(strategy: UpdateStrategy, value: unknown): Promise<void>;
}

/** Nothing is kept. */
export const NOT_KEPT: KeptFiles = {
  load: async () => undefined,
  save: async () => undefined,
};

/** As it is kept. */
interface SavedFiles {
  readonly revision: string;
  readonly files: readonly (readonly [string, ParsedFile])[];
}

/**
 * What is known of a branch as it was last seen, for each strategy: a commit never changes, so what its
 * files hold is known for ever, and of a later commit only what differs has to be read. The size is that
 * of what is marked, not of the repo.
 */
export class FilesMemory {
  readonly #kept: KeptFiles;
  readonly #known = new Map<UpdateStrategy, KnownFiles | undefined>();
  readonly #unsaved = new Set<UpdateStrategy>();

  constructor(kept: KeptFiles) {
    this.#kept = kept;
  }

  async get(strategy: UpdateStrategy): Promise<KnownFiles | undefined> {
    if (!this.#known.has(strategy)) {
      this.#known.set(strategy, restored(await this.#kept.load(strategy)));
    }
    return this.#known.get(strategy);
  }

  set(strategy: UpdateStrategy, known: KnownFiles): void {
    this.#known.set(strategy, known);
    this.#unsaved.add(strategy);
  }

  /** Keeps what is new. */
  async save(): Promise<void> {
    for (const strategy of this.#unsaved) {
      const known = this.#known.get(strategy);
      this.#unsaved.delete(strategy);
      if (known === undefined) continue;
      const saved: SavedFiles = { revision: known.revision, files: [...known.files] };
      await this.#kept.save(strategy, saved);
    }
  }
}

/** Anything but what was saved is as good as nothing. */
function restored(saved: unknown): KnownFiles | undefined {
  const { revision, files } = (saved ?? {}) as Partial<SavedFiles>;
  if (typeof revision !== 'string' || !Array.isArray(files)) return undefined;
  return { revision, files: new Map(files) };
}
