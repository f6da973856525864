import type {
  ImageUpdateAutomation,
  ImageUpdateAutomationSpec,
} from '../../api/image-update-automation.ts';
import { branchNaming, type BranchNaming } from './branch-name.ts';
import { parseRefspec } from './refspec.ts';

/** Where the commits of a pass go. */
export type Destination =
  /** The branch that is read. */
  | { readonly kind: 'base' }
  /** Another branch, which is ours: all groups, one on top of the other. */
  | { readonly kind: 'branch'; readonly branch: string }
  /** A branch of ours for each group. */
  | { readonly kind: 'groups'; readonly naming: BranchNaming }
  /** A ref that takes commits and is no branch, such as Gerrit's `refs/for/main`. */
  | { readonly kind: 'ref'; readonly ref: string };

/** How the commits of a pass are pushed. */
export interface PushPlan {
  readonly destination: Destination;
  /** A further ref that each commit goes to. */
  readonly alsoTo?: string;
  /** As `git push -o` takes them. */
  readonly options: readonly string[];
}

/**
 * How an automation's commits are pushed.
 * @param base the branch that is read
 * @throws AppError `resource/invalid` for a refspec that pushes something else than its commits
 */
export function pushPlan(automation: ImageUpdateAutomation | undefined, base: string): PushPlan {
  if (automation === undefined) return { destination: { kind: 'base' }, options: [] };
  const { push, pullRequest, git } = automation.spec;
  const options = pushOptions(push?.options);
  if (pullRequest !== undefined) {
    return { destination: { kind: 'groups', naming: branchNaming(automation) }, options };
  }
  return { ...placesOf(push, base, git?.branch ?? base), options };
}

/** @param own the branch that is read by the automation's own word */
function placesOf(
  { branch, refspec }: NonNullable<ImageUpdateAutomationSpec['push']> = {},
  base: string,
  own: string,
): Pick<PushPlan, 'destination' | 'alsoTo'> {
  const destination = branchOrBase(branch ?? base, base);
  if (refspec === undefined) return { destination };
  const ref = parseRefspec(refspec, branch === undefined ? [base, own] : [base, own, branch]);
  if (branch !== undefined) {
    return ref === `refs/heads/${branch}` ? { destination } : { destination, alsoTo: ref };
  }
  const [, head] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
  return { destination: head === undefined ? { kind: 'ref', ref } : branchOrBase(head, base) };
}

/** A branch, or another ref by its full name, for people. */
export function placeText(branch: string): string {
  return branch.startsWith('refs/') ? branch : `branch ${branch}`;
}

function branchOrBase(branch: string, base: string): Destination {
  return branch === base ? { kind: 'base' } : { kind: 'branch', branch };
}

/** `spec.push.options` as the protocol has them: `key=value`, or `key` alone where there is no value. */
function pushOptions(options: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.entries(options).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
}
