import { AppError } from '../../domain/errors.ts';
import { toldTime, type BuildTime } from '../../domain/image/build-time.ts';
import { repositoryKey } from '../../domain/image-reference.ts';
import type { ToldImage } from '../../ports/registry.ts';
import type { ImageLibrary, ImageSource } from './image-library.ts';

/** Tags that are asked about at the same time for one policy. */
const WORKERS = 8;

/** How long a tag is believed to have the digest that it had; tags can be pushed again. */
const BELIEVED_MS = 24 * 3_600_000;

/** Tags that are asked again in one scan because that time is over: a thousand tags are through in a day. */
const MAX_ASKED_AGAIN = 20;

/** Whose times are wanted. */
export interface TimedTags {
  /** As the policy's filter lets through. */
  readonly tags: readonly string[];
  /** Digests that this scan asked for anyway. */
  readonly digests: ReadonlyMap<string, string | null>;
  /** What the list told on its own. */
  readonly told: ReadonlyMap<string, ToldImage>;
  readonly now: Date;
}

/**
 * Build times of tags. What is new in the list is asked about, at most two requests for an image and three
 * for an index; what is known costs nothing, but that each tag's digest is asked for about once a day.
 * What the list tells on its own is not asked for: digests, and build times that can be real.
 * @throws AppError when any of them cannot be had; what was learnt until then is kept
 */
export async function tagTimes(
  library: ImageLibrary,
  source: ImageSource,
  { tags, digests, told, now }: TimedTags,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BuildTime>> {
  const memory = await library.memory(source);
  const askedAt = now.getTime();
  for (const tag of tags) {
    const digest = told.get(tag)?.digest;
    if (digest !== undefined) memory.tagHas(tag, { digest, askedAt });
  }
  for (const [tag, digest] of digests) if (digest !== null) memory.tagHas(tag, { digest, askedAt });
  const times = toldTimes({ tags, digests, told, now });
  const untold = tags.filter((tag) => !times.has(tag));
  const outdated = untold
    .filter((tag) => (memory.digestOf(tag)?.askedAt ?? askedAt) <= askedAt - BELIEVED_MS)
    .slice(0, MAX_ASKED_AGAIN);
  const unknown = untold.filter((tag) => memory.digestOf(tag) === undefined);
  const note = (tag: string, digest: string | undefined) => {
    if (digest === undefined) throw missing(source, tag);
    memory.tagHas(tag, { digest, askedAt });
  };
  try {
    await forEach(unknown, async (tag) =>
      note(tag, (await library.timeOfTag(source, tag, signal))?.digest),
    );
    await forEach(outdated, async (tag) => note(tag, await library.digest(source, tag, signal)));
    await forEach(untold, async (tag) => {
      const digest = memory.digestOf(tag)?.digest;
      if (digest !== undefined) times.set(tag, await library.time(source, digest, signal));
    });
    return times;
  } finally {
    await library.save(source);
  }
}

/** Only times that can win, of the digests that the tags have: of all else the images have the last word. */
function toldTimes({ tags, digests, told, now }: TimedTags): Map<string, BuildTime> {
  const times = new Map<string, BuildTime>();
  for (const tag of tags) {
    const { digest, createdMs } = told.get(tag) ?? {};
    if (createdMs === undefined || createdMs > now.getTime()) continue;
    const asked = digests.get(tag);
    const isOther = asked !== undefined && asked !== digest;
    const time = toldTime(createdMs);
    if (!isOther && typeof time === 'number') times.set(tag, time);
  }
  return times;
}

function missing({ repository }: ImageSource, tag: string): AppError {
  const name = repositoryKey(repository);
  const mend = 'if that lasts, leave the tag out with filterTags.exclude';
  const message = `${name} lists the tag ${tag} and has no image of it; ${mend}`;
  return new AppError('registry/not-found', message, { retry: true });
}

/** Some at a time; after the first failure no more is begun. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const item = items[next] as T;
      next += 1;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: WORKERS }, worker));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
