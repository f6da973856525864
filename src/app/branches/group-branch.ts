import type { Finding } from '../../domain/errors.ts';
import type { ChangeGroup } from '../../domain/plan/change-groups.ts';
import type { MadeCommit } from '../update/commit-drafts.ts';

/** The branch of ours that a group of changes stands on. */
export interface GroupBranch {
  readonly group: ChangeGroup;
  readonly branch: string;
  /**
   * `current`: it holds what is wanted; `kept`: that and more, of policies that nothing is certain of just now, so
   * that it stays as it is; `pushed`: it does since this pass; `planned`: it would, but nothing is
   * written; `foreign`: it holds what is not ours, and is left alone.
   */
  readonly state: 'pushed' | 'current' | 'kept' | 'planned' | 'foreign';
  /** Its head; absent where it is not there yet. */
  readonly commit?: string;
  /** Message of the group's commit, as drafted. */
  readonly message: string;
  /** One line: why it is left alone. */
  readonly reason?: string;
}

/** What came of the branches of a pass, once its commits were pushed. */
export function settledBranches(
  branches: readonly GroupBranch[],
  commits: readonly MadeCommit[],
): readonly GroupBranch[] {
  return branches.map((branch) => {
    const commit = commits.findLast((made) => made.branch === branch.branch);
    return commit === undefined ? branch : { ...branch, state: 'pushed', commit: commit.id };
  });
}

/** The branches that are left alone, each once, as warnings. */
export function foreignFindings(branches: readonly GroupBranch[]): readonly Finding[] {
  const reasons = new Set(branches.flatMap(({ reason }) => (reason === undefined ? [] : [reason])));
  return [...reasons].map((message) => ({ severity: 'warning', code: 'branch/foreign', message }));
}
