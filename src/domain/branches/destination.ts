import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { branchNaming, type BranchNaming } from './branch-name.ts';

/** Where the commits of a pass go. */
export type Destination =
  /** The branch that is read. */
  | { readonly kind: 'base' }
  /** Another branch, which is ours: all groups, one on top of the other. */
  | { readonly kind: 'branch'; readonly branch: string }
  /** A branch of ours for each group. */
  | { readonly kind: 'groups'; readonly naming: BranchNaming };

/** How the commits of a pass are pushed. */
export interface PushPlan {
  readonly destination: Destination;
  /** As `git push -o` takes them. */
  readonly options: readonly string[];
}

/**
 * How an automation's commits are pushed.
 * @param base the branch that is read
 */
export function pushPlan(automation: ImageUpdateAutomation | undefined, base: string): PushPlan {
  const options = pushOptions(automation?.spec.push?.options);
  return { destination: destinationOf(automation, base), options };
}

function destinationOf(automation: ImageUpdateAutomation | undefined, base: string): Destination {
  const { push, pullRequest } = automation?.spec ?? {};
  if (automation !== undefined && pullRequest !== undefined) {
    return { kind: 'groups', naming: branchNaming(automation) };
  }
  const { branch = base } = push ?? {};
  return branch === base ? { kind: 'base' } : { kind: 'branch', branch };
}

/** `spec.push.options` as the protocol has them: `key=value`, or `key` alone where there is no value. */
function pushOptions(options: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.entries(options).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
}
