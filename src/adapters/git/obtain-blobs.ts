import type { WantedBlobs } from './engine.ts';
import { isGranted } from './granted.ts';
import type { SerialQueue } from './serial-queue.ts';

/** The blobs of a branch, as an engine has them. */
export interface BranchBlobs {
  /** Fetches take turns. */
  readonly writes: SerialQueue;
  /** Do they come with their commits? */
  readonly isWhole: () => boolean;
  /** Those of these ids that are not here. */
  readonly lacking: (ids: readonly string[]) => Promise<readonly string[]>;
  /** @throws AppError `git/unsupported` when the remote gives none out by id */
  readonly fetch: (ids: readonly string[]) => Promise<void>;
  /** Fetches the commit with all of them, and from here on what comes after it, too. */
  readonly moveToWhole: () => Promise<void>;
}

/** Fetches those that are lacking, all at once: by their ids, or whole where nearly all are wanted or the remote gives out no others. */
export async function obtainBlobs(ids: WantedBlobs['ids'], blobs: BranchBlobs): Promise<void> {
  const { writes, isWhole, fetch, moveToWhole } = blobs;
  const lacking = async () => {
    if (isWhole()) return [];
    return ids === 'all' ? ids : blobs.lacking(ids);
  };
  if ((await lacking()).length === 0) return;
  await writes.run(async () => {
    const wanted = await lacking();
    if (wanted.length === 0) return;
    if (wanted !== 'all' && (await isGranted(fetch(wanted)))) return;
    await moveToWhole();
  });
}
