import { AppError } from '../../domain/errors.ts';
import { oneLine } from './refusal.ts';

/** What the system says of a disk: by code as Node tells it, and in words as `git` does. */
const MENDS: readonly { readonly words: RegExp; readonly mend: string }[] = [
  {
    words: /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i,
    mend: 'make room there, or name another folder by LOCKKEEPER_CACHE_DIR',
  },
  {
    // Node says ENOENT of folders that it makes on a read-only disk.
    words: /EROFS|EACCES|EPERM|ENOTDIR|ENOENT.* mkdir |read-only file system/i,
    mend: 'name a folder that can be written to by LOCKKEEPER_CACHE_DIR',
  },
];

/**
 * A failure that no remote had part in: the store is damaged, or its disk is full or read-only.
 * @param reason what was thrown, or the line that tells why
 */
export function storeError(what: string, reason: unknown): AppError {
  const text = reason instanceof Error ? reason.message : String(reason);
  const line = oneLine({ secrets: [] }, text.split('\n', 1)[0] ?? '');
  const known = MENDS.find(({ words }) => words.test(line));
  const mend = known === undefined ? '' : `; ${known.mend}`;
  const message = `the local Git store failed to ${what} (${line})${mend}`;
  return new AppError('git/store', message, {
    retry: true,
    ...(reason instanceof Error ? { cause: reason } : {}),
  });
}

/** Does something with the store's files. @throws AppError `git/store`, unless the task has thrown another */
export async function withStore<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw error instanceof AppError ? error : storeError(what, error);
  }
}
