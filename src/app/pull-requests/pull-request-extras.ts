import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';
import type { Finding } from '../../domain/errors.ts';
import type { PullRequest, PullRequestExtras } from '../../ports/forge.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';

/** What an automation wants to stand beside its pull requests; undefined: nothing. */
export function extrasOf({
  labels = [],
  reviewers = [],
  autoMerge = false,
}: NonNullable<ImageUpdateAutomationSpec['pullRequest']>): PullRequestExtras | undefined {
  const isNone = labels.length + reviewers.length === 0 && !autoMerge;
  return isNone ? undefined : { labels, reviewers, autoMerge };
}

/** Sets it. @returns a warning for each thing that could not be had */
export async function setExtras(
  desk: PullRequestDesk,
  { found, extras }: { readonly found: PullRequest; readonly extras: PullRequestExtras },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const problems = await desk.decorate(found, extras, signal);
  return problems.map((problem) => ({
    severity: 'warning',
    code: 'pull-request/incomplete',
    message: `pull request ${found.url}: ${problem}`,
  }));
}
