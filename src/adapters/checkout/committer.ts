import { AppError } from '../../domain/errors.ts';
import type { CheckoutCommit } from '../../ports/ports.ts';

/** Commits paths of a work tree, given relative to the opened folder. */
export interface Committer {
  /** @throws AppError `git/dirty` when a path differs from the last commit or is not in it */
  assertClean(paths: readonly string[], signal: AbortSignal): Promise<void>;
  /** Id of the commit that is checked out. */
  head(signal: AbortSignal): Promise<string>;
  /** Commits just the request's paths as they are in the folder. @returns the commit id */
  commit(request: CheckoutCommit, signal: AbortSignal): Promise<string>;
}

/** The error for a path that cannot be committed alone. */
export function dirty(path: string, isTracked: boolean): AppError {
  const message = isTracked
    ? 'the file has changes that are not committed; commit or undo them first'
    : 'the file is not in Git yet; add and commit it first';
  return new AppError('git/dirty', message, { at: { path } });
}
