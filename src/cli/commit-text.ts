import type { PushBranchOptions } from './options.ts';

/** The commit that a person asked for, and where it waits if it is not where it counts. */
export function commitText(
  { pushBranch, dryRun }: PushBranchOptions & { readonly dryRun?: true },
  commit: string | undefined,
): string {
  const made = commit === undefined ? '' : `commit ${commit.slice(0, 12)}\n`;
  if (pushBranch === undefined) return made;
  if (commit !== undefined) {
    return `${made}pushed to branch ${pushBranch}: it counts when it is merged\n`;
  }
  return dryRun === true ? `would push to branch ${pushBranch}\n` : '';
}

/** The same as data. */
export function branchOf({ pushBranch }: PushBranchOptions): { readonly branch?: string } {
  return pushBranch === undefined ? {} : { branch: pushBranch };
}
