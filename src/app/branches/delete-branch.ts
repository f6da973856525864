import { asAppError, type ErrorCode, type Finding } from '../../domain/errors.ts';
import type { GitBranch } from '../../ports/ports.ts';

/** A branch of ours that may be deleted. */
export interface OwnBranchAt {
  readonly name: string;
  readonly expected: string;
}

/** How a server says that a branch is not to be deleted. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'git/rejected',
  'git/protected',
  'git/unauthorized',
]);

/**
 * Deletes a branch that is done with. One that moved meanwhile is looked at again in the next pass; one that may not be
 * deleted stands in no one's way.
 * @returns whether it is gone, and why it is not
 */
export async function deleteBranch(
  branch: GitBranch,
  at: OwnBranchAt,
  signal: AbortSignal,
): Promise<{ readonly isGone: boolean; readonly findings: readonly Finding[] }> {
  try {
    const { kind } = await branch.deleteBranch(at, signal);
    return { isGone: kind === 'pushed', findings: [] };
  } catch (thrown) {
    const { code, message: why } = asAppError(thrown);
    if (!REFUSALS.has(code)) throw thrown;
    const message = `branch ${at.name}, which is done with, is not deleted: ${why}`;
    return { isGone: false, findings: [{ severity: 'warning', code: 'branch/stale', message }] };
  }
}
