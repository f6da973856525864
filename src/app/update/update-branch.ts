import { pushPlan } from '../../domain/branches/destination.ts';
import { linesTo } from '../branches/commit-lines.ts';
import { foreignFindings, settledBranches, type GroupBranch } from '../branches/group-branch.ts';
import { settlePass } from '../pull-requests/settle-pass.ts';
import type { SettledPullRequest } from '../pull-requests/settle-pull-requests.ts';
import type { AppError } from '../../domain/errors.ts';
import { isOnBranch, type MadeCommit } from './commit-drafts.ts';
import { pushCommits, type BranchWriter } from './push-commits.ts';
import type { PassContext, PassRequest } from './pass-request.ts';
import { planPass, type PlannedPass } from './update-pass.ts';

/** A pass that was carried out. */
export interface CarriedOutPass {
  readonly pass: PlannedPass;
  /** Those that were made, the first of them first. */
  readonly commits: readonly MadeCommit[];
  /** The branches that groups stand on, where they do not go to the branch that is read. */
  readonly branches: readonly GroupBranch[];
  /** Pull requests from them, and those that were closed. */
  readonly pullRequests: readonly SettledPullRequest[];
  /** Why pull requests are not as they should be although the commits were made; it is among the findings, too. */
  readonly failure?: AppError;
}

/** One update pass over a branch: at most one commit for each group, there or on a branch of ours. */
export async function updateBranch(
  context: PassContext,
  writer: BranchWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { branch } = writer;
  const { result, commits } = await pushCommits(
    writer,
    async (revision) => {
      const source = branch.files(revision);
      const input = {
        ...request,
        source,
        revision,
        place: branch.description,
        history: branch,
      };
      const pass = await planPass(context, input, signal);
      const push = pushPlan(pass.automation, branch.name);
      const on = { branch, revision, pass, toldRefs: writer.toldRefs };
      const { lines, ...result } = await linesTo(push, on, signal);
      const { author, signer } = pass;
      return { ...push, lines, author, signer, result: { pass, revision, ...result } };
    },
    signal,
  );
  const { pass, revision, remember } = result;
  const last = commits.at(-1);
  if (last !== undefined) remember?.(last.id);
  const branches = settledBranches(result.branches, commits);
  const { views } = context;
  const isWhole = request.update?.paths === undefined && request.update?.strategy === undefined;
  const pushed = { writer, views, pass, revision, branches, isWhole };
  const { findings: told, ...settled } = await settlePass(pushed, signal);
  const findings = [...pass.findings, ...foreignFindings(branches), ...told];
  const here = commits.filter((commit) => isOnBranch(commit, branch.name));
  // What others are promoted from, or waited on another branch, is here now: it is looked at again at once.
  const isDue = here.some(
    (commit) =>
      commit.branch !== branch.name ||
      commit.changes.some(({ policy }) => views.deployments.isFollowed(policy)),
  );
  const nextChange = isDue ? writer.clock.now() : pass.nextChange;
  return { pass: { ...pass, findings, nextChange }, commits, branches, ...settled };
}
