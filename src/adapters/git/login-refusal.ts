import { AppError } from '../../domain/errors.ts';
import type { Remote } from './remote.ts';

/**
 * How servers say that a login was right once: Azure DevOps ("The Personal Access Token used has expired"), OAuth
 * servers, GitLab of SSH keys. An "incorrect, expired or improperly scoped", as GitLab has it of tokens, says
 * neither the one nor the other, and GitHub says nothing.
 */
const EXPIRED =
  /\b(?:token|password|credentials?|key|login)\b(?:(?!\bor\b)[^.,;]){0,40}\bexpired\b(?!,| or\b)/i;

/**
 * The error for a login that a server did not take.
 * @param words the server's, on one line and without secrets
 */
export function loginRefusal({ display }: Pick<Remote, 'display'>, words: string): AppError {
  const message = EXPIRED.test(words)
    ? `the login for ${display} has expired; renew it (${words})`
    : `${display} refused the login; check the credentials (${words})`;
  return new AppError('git/unauthorized', message);
}

/** How forges say that nobody may write to a repo any more. */
const ARCHIVED = /\barchived\b/i;

/**
 * The error for a login that may not do what was asked of it; servers also say so of one that has expired, and of a repo
 * that nobody may write to.
 */
export function accessRefusal(remote: Pick<Remote, 'display'>, words: string): AppError {
  if (EXPIRED.test(words)) return loginRefusal(remote, words);
  if (ARCHIVED.test(words)) {
    const message = `${remote.display} is archived: take it out of the archive, or name another repo (${words})`;
    return new AppError('git/rejected', message);
  }
  return new AppError(
    'git/unauthorized',
    `${remote.display} does not let this login do that; grant it access (${words})`,
  );
}
