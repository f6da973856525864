import type { BuildTime } from './build-time.ts';

/** What an image says for ever, as far as it was asked for. */
export interface ImageFacts {
  /** Null: it is an artifact and runs nowhere. */
  readonly platforms?: readonly string[] | null;
  readonly time?: BuildTime;
}

/** Which digest a tag had, and when this was so. */
export interface TagDigest {
  readonly digest: string;
  /** In ms since the epoch. */
  readonly askedAt: number;
}

/** Most images, and most tags, that are remembered of one repository: some 20 MB at the very worst. */
const MAX_REMEMBERED = 100_000;

/** Build times that are none. */
const WORDS: ReadonlySet<unknown> = new Set<BuildTime>(['absent', 'unreal']);

/** As it is kept in a file: a list for each digest, and one for each tag. */
export interface KeptImages {
  readonly images: readonly (readonly [digest: string, facts: ImageFacts])[];
  readonly tags: readonly (readonly [tag: string, digest: string, askedAt: number])[];
}

/** What was learnt of one repository's images. */
export class ImageMemory {
  readonly #images: Map<string, ImageFacts>;
  readonly #tags: Map<string, TagDigest>;
  #changed = false;

  private constructor(images: Map<string, ImageFacts>, tags: Map<string, TagDigest>) {
    this.#images = images;
    this.#tags = tags;
  }

  /** A memory from what {@link save} gave; from anything else, an empty one. */
  static from(kept: unknown): ImageMemory {
    const { images, tags } = isKept(kept) ? kept : { images: [], tags: [] };
    const digests = tags.map(([tag, digest, askedAt]) => [tag, { digest, askedAt }] as const);
    return new ImageMemory(new Map(images), new Map(digests));
  }

  save(): KeptImages {
    return {
      images: [...this.#images],
      tags: [...this.#tags].map(([tag, { digest, askedAt }]) => [tag, digest, askedAt]),
    };
  }

  /** Is there something new since this was last asked? */
  takeChange(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  facts(digest: string): ImageFacts | undefined {
    return this.#images.get(digest);
  }

  learn(digest: string, facts: ImageFacts): void {
    remember(this.#images, digest, { ...this.#images.get(digest), ...facts });
    this.#changed = true;
  }

  digestOf(tag: string): TagDigest | undefined {
    return this.#tags.get(tag);
  }

  tagHas(tag: string, digest: TagDigest): void {
    if (this.#tags.get(tag)?.digest !== digest.digest) this.#changed = true;
    remember(this.#tags, tag, digest);
  }
}

/** Of too many, the one that was learnt first goes. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size >= MAX_REMEMBERED) map.delete(oldest);
  map.set(key, value);
}

function isKept(kept: unknown): kept is KeptImages {
  if (typeof kept !== 'object' || kept === null) return false;
  const { images, tags } = kept as Partial<Record<keyof KeptImages, unknown>>;
  return isListOf(images, isKeptImage) && isListOf(tags, isKeptTag);
}

function isListOf(list: unknown, isItem: (item: readonly unknown[]) => boolean): boolean {
  return Array.isArray(list) && list.every((item) => Array.isArray(item) && isItem(item));
}

function isKeptImage([digest, facts]: readonly unknown[]): boolean {
  if (typeof digest !== 'string' || typeof facts !== 'object' || facts === null) return false;
  const { platforms, time } = facts as Partial<Record<keyof ImageFacts, unknown>>;
  const isTime = time === undefined || typeof time === 'number' || WORDS.has(time);
  const isSilent = platforms === undefined || platforms === null;
  return isTime && (isSilent || (Array.isArray(platforms) && platforms.every(isText)));
}

function isKeptTag([tag, digest, askedAt]: readonly unknown[]): boolean {
  return isText(tag) && isText(digest) && typeof askedAt === 'number';
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
