import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolderLocked, lockFolder, type FolderLock } from './process-lock.ts';
import { storeError } from './store-error.ts';

/** A private folder for one remote's objects, held by this process until it is released. */
export interface StoreFolder {
  readonly path: string;
  release(): Promise<void>;
}

const TEMPORARY = 'tmp-';
/** Between making a folder and locking it a process may pause this long. */
const FRESH_MS = 60_000;

/**
 * The folder for a remote below `root`. When another live process holds it, the caller gets one of
 * its own that is removed on release: waiting could last as long as the other's run.
 * @throws AppError `git/store` when the folder cannot be made
 */
export async function acquireStoreFolder(
  root: string,
  engine: string,
  url: string,
): Promise<StoreFolder> {
  const name = `${engine}-${createHash('sha256').update(url).digest('hex').slice(0, 32)}`;
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await removeAbandoned(root);
    const path = join(root, name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    const lock = await lockFolder(path);
    return lock === undefined
      ? await temporaryFolder(root)
      : { path, release: () => lock.release() };
  } catch (cause) {
    throw storeError(`open below ${root}`, cause);
  }
}

async function temporaryFolder(root: string): Promise<StoreFolder> {
  const path = await mkdtemp(join(root, TEMPORARY));
  const lock: FolderLock | undefined = await lockFolder(path);
  if (lock === undefined) throw new Error(`${path} is new and yet locked`);
  return { path, release: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Removes temporary stores whose process was killed. */
async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    if (!name.startsWith(TEMPORARY) || (await isFolderLocked(path))) continue;
    // Another process may just have made it and not locked it yet; the next run removes it.
    if (await isFresh(path)) continue;
    await rm(path, { recursive: true, force: true });
  }
}

async function isFresh(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs < FRESH_MS;
}
