import { AppError } from '../../domain/errors.ts';
import type { PushResult } from '../../ports.ts';
import type { Remote } from './remote.ts';

/**
 * How servers and clients say "the branch is no longer where you thought". Spellings of git,
 * GitHub ("cannot lock ref"), GitLab ("incorrect old value provided"), Gitea and Azure DevOps.
 */
const MOVED =
  /fetch first|non-fast-forward|stale info|cannot lock ref|failed to lock|incorrect old value|failed to update ref|reference already exists|is at [0-9a-f]{7,} but expected|already (been )?updated|TF402455/i;

/**
 * Reads a push refusal (the text after `ng <ref>` or in the parentheses of `git push --porcelain`).
 * @param ref the ref that was to move
 * @param words the refusal, and what the server printed besides, such as a hook's message
 * @returns `rejected` when the branch moved
 * @throws AppError `git/rejected` when the server forbids the change, whatever the branch's state
 */
export function readRefusal(
  remote: Remote,
  ref: string,
  { reason, detail = '' }: { readonly reason: string; readonly detail?: string },
): PushResult {
  if (MOVED.test(reason)) return { kind: 'rejected', reason: oneLine(remote, reason) };
  const words = oneLine(remote, detail === '' ? reason : `${reason}: ${detail}`);
  throw new AppError(
    'git/rejected',
    `${remote.display} does not accept the push to ${ref.replace(/^refs\/heads\//, '')} (${words})`,
  );
}

/** Foreign text for a message: one line, short, printable, without the remote's secrets. */
export function oneLine(remote: Pick<Remote, 'secrets'>, text: string): string {
  let clean = text;
  for (const secret of remote.secrets) clean = clean.replaceAll(secret, '***');
  return (
    clean
      .replaceAll(/\/\/[^/@\s]+@/g, '//')
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
      .trim()
      .slice(0, 300)
  );
}
