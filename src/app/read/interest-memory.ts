import { mayHoldImage, mayHoldMarker } from '../../domain/manifest/decode.ts';
import { mayHoldResources } from '../../domain/resources/may-hold-resources.ts';

/** Why a blob may matter, judged from raw bytes: false means certainly not. */
export interface Interest {
  readonly marker: boolean;
  readonly image: boolean;
  readonly resources: boolean;
}

/** Looks at raw bytes; no decoding, no parsing. */
export function interestOf(bytes: Uint8Array): Interest {
  return {
    marker: mayHoldMarker(bytes),
    image: mayHoldImage(bytes),
    resources: mayHoldResources(bytes),
  };
}

/** Format of the saved memory; another number is another format, and is forgotten. */
const VERSION = 1;

/** A damaged entry must not pass for "holds nothing". */
function isBits(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 7;
}

/**
 * What was seen in each blob, by id: blobs never change, so one look is enough for ever. Three bits
 * a blob; kept between runs as JSON.
 */
export class InterestMemory {
  readonly #bits: Map<string, number>;
  #changed = false;

  private constructor(bits: Map<string, number>) {
    this.#bits = bits;
  }

  /** @param saved what {@link save} gave; anything else is as good as nothing */
  static from(saved: unknown): InterestMemory {
    const { version, blobs } = (saved ?? {}) as { version?: unknown; blobs?: unknown };
    const entries = version === VERSION ? Object.entries(blobs ?? {}) : [];
    return new InterestMemory(
      new Map(entries.filter((entry): entry is [string, number] => isBits(entry[1]))),
    );
  }

  /** Is there anything to save? */
  get changed(): boolean {
    return this.#changed;
  }

  get(id: string | undefined): Interest | undefined {
    const bits = id === undefined ? undefined : this.#bits.get(id);
    if (bits === undefined) return undefined;
    return { marker: (bits & 1) !== 0, image: (bits & 2) !== 0, resources: (bits & 4) !== 0 };
  }

  set(id: string | undefined, { marker, image, resources }: Interest): void {
    if (id === undefined) return;
    this.#changed = true;
    this.#bits.set(id, (marker ? 1 : 0) | (image ? 2 : 0) | (resources ? 4 : 0));
  }

  /** Forgets blobs that are no longer in use, so that the memory cannot grow without bound. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#bits.keys()) {
      if (ids.has(id)) continue;
      this.#bits.delete(id);
      this.#changed = true;
    }
  }

  /** What {@link from} takes; from here on only further changes count as changes. */
  save(): unknown {
    this.#changed = false;
    return { version: VERSION, blobs: Object.fromEntries(this.#bits) };
  }
}
