import { z } from 'zod';
import type { ToldImage } from '../../ports/registry.ts';
import { isListOfTexts } from './tag-page.ts';

/** Only what these say of a build time is that of one image; an index may have been put together later. */
const IMAGE_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

/** Tags of one list that this is kept for, some 25 MB; of a longer list nothing is told. */
const MAX_TOLD = 100_000;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const MILLISECONDS = /^\d{1,15}$/;

/** An entry of the map `manifest` that GCR and Artifact Registry add to a tag list, by digest. */
const Entry = z.object({
  tag: z.custom<readonly string[]>(isListOfTexts),
  mediaType: z.string().optional().catch(undefined),
  timeCreatedMs: z.string().regex(MILLISECONDS).optional().catch(undefined),
});

/**
 * Collects what the pages of one list tell of the images under its tags. A tag under two digests is a
 * contradiction, and is told nothing of; what cannot be read is left out, since all of it can be asked for.
 */
export class ToldImages {
  readonly #byTag = new Map<string, ToldImage | undefined>();
  #isTooMuch = false;

  /** @param manifest as the page holds it */
  add(manifest: unknown): void {
    if (typeof manifest !== 'object' || manifest === null) return;
    for (const [digest, value] of Object.entries(manifest)) {
      if (this.#isTooMuch) return;
      const entry = Entry.safeParse(value);
      if (!DIGEST.test(digest) || !entry.success) continue;
      const image = toldBy(digest, entry.data);
      for (const tag of entry.data.tag) this.#note(tag, image);
    }
  }

  /** Of tags that the whole list has, without contradictions. */
  of(tags: ReadonlySet<string>): ReadonlyMap<string, ToldImage> {
    const sure = new Map<string, ToldImage>();
    for (const [tag, image] of this.#byTag)
      if (image !== undefined && tags.has(tag)) sure.set(tag, image);
    return sure;
  }

  #note(tag: string, image: ToldImage): void {
    if (this.#byTag.size >= MAX_TOLD) this.#isTooMuch = true;
    if (this.#isTooMuch) return this.#byTag.clear();
    const before = this.#byTag.get(tag);
    const agrees = before?.digest === image.digest && before.createdMs === image.createdMs;
    this.#byTag.set(tag, !this.#byTag.has(tag) || agrees ? image : undefined);
  }
}

function toldBy(digest: string, { mediaType, timeCreatedMs }: z.infer<typeof Entry>): ToldImage {
  const isImage = mediaType !== undefined && IMAGE_TYPES.has(mediaType);
  if (!isImage || timeCreatedMs === undefined) return { digest };
  return { digest, createdMs: Number(timeCreatedMs) };
}
