import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { FileFields } from '../../domain/manifest/image-field.ts';
import type { ParsedResources } from '../../domain/resources/parse-resources.ts';
import type { FileEntry } from '../../ports/ports.ts';

/** What one file amounted to. Plain data, so that it can be kept as JSON. */
export interface ParsedFile {
  readonly fields?: FileFields;
  readonly resources?: ParsedResources;
}

/** Parsed files of one blob, by strategy and path: the same bytes may stand in several places. */
type OfBlob = Record<string, ParsedFile>;

/**
 * Files that were parsed, by blob: parsing is the dearest part of a pass, and a blob never changes.
 * Kept between runs of one version of this program; what is in a plain folder is never kept.
 */
export class ParsedFiles {
  readonly #blobs: Map<string, OfBlob>;
  #changed = false;

  private constructor(blobs: Map<string, OfBlob>) {
    this.#blobs = blobs;
  }

  /** @param saved what {@link save} gave, or nothing */
  static from(saved: unknown): ParsedFiles {
    const isObject = typeof saved === 'object' && saved !== null;
    return new ParsedFiles(
      new Map(isObject ? Object.entries(saved as Record<string, OfBlob>) : []),
    );
  }

  /** Is there anything to save? */
  get changed(): boolean {
    return this.#changed;
  }

  get(entry: FileEntry, strategy: UpdateStrategy): ParsedFile | undefined {
    return entry.id === undefined ? undefined : this.#blobs.get(entry.id)?.[place(entry, strategy)];
  }

  set(entry: FileEntry, strategy: UpdateStrategy, file: ParsedFile): void {
    if (entry.id === undefined) return;
    const ofBlob = this.#blobs.get(entry.id) ?? {};
    ofBlob[place(entry, strategy)] = file;
    this.#blobs.set(entry.id, ofBlob);
    this.#changed = true;
  }

  /** Forgets blobs that are no longer in use, so that memory stays flat. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#blobs.keys()) {
      if (ids.has(id)) continue;
      this.#blobs.delete(id);
      this.#changed = true;
    }
  }

  /** What {@link from} takes; from here on only further changes count as changes. */
  save(): unknown {
    this.#changed = false;
    return Object.fromEntries(this.#blobs);
  }
}

function place({ path }: FileEntry, strategy: UpdateStrategy): string {
  return `${strategy} ${path}`;
}
