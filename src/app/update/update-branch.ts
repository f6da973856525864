import type { Batch } from '../../domain/batch-window.ts';
import { pushPlan } from '../../domain/branches/destination.ts';
import { foreignFindings, settledBranches, type GroupBranch } from '../branches/group-branch.ts';
import { retireBranch, type RetiredBranch } from '../branches/retire-branch.ts';
import { settlePass } from '../pull-requests/settle-pass.ts';
import type { SettledPullRequest } from '../pull-requests/settle-pull-requests.ts';
import type { AppError } from '../../domain/errors.ts';
import type { CommitSigner } from '../../ports/signing.ts';
import type { SignersOf } from '../access/commit-signer.ts';
import { isOnBranch, type MadeCommit } from './commit-drafts.ts';
import { pushCommits, type BranchWriter } from './push-commits.ts';
import { batchFor, duePass } from './due-pass.ts';
import type { PassContext, PassRequest } from './pass-request.ts';
import { wishPass, type PlannedPass } from './update-pass.ts';

/** What a pass over a branch works with. */
export interface BranchContext extends PassContext {
  readonly signerOf: SignersOf<CommitSigner>;
}

/** A pass that was carried out. */
export interface CarriedOutPass {
  readonly pass: PlannedPass;
  /** Those that were made, the first of them first. */
  readonly commits: readonly MadeCommit[];
  /** The branches that groups stand on, where they do not go to the branch that is read. */
  readonly branches: readonly GroupBranch[];
  /** Pull requests from them, and those that were closed. */
  readonly pullRequests: readonly SettledPullRequest[];
  /** A branch that was deleted, for nothing that waited there is wanted. */
  readonly retired?: RetiredBranch;
  /** Changes that wait for more, where some do. */
  readonly batch?: Batch;
  /** Why pull requests are not as they should be although the commits were made; it is among the findings, too. */
  readonly failure?: AppError;
}

/** One update pass over a branch: at most one commit for each group, there or on a branch of ours. */
export async function updateBranch(
  context: BranchContext,
  writer: BranchWriter,
  request: PassRequest,
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const { branch } = writer;
  const { batches } = context;
  const { result, commits } = await pushCommits(
    writer,
    async (revision) => {
      const source = branch.files(revision);
      const input = {
        ...request,
        source,
        revision,
        place: branch.description,
        openPast: async () => ({ kind: 'told', history: branch, head: revision }) as const,
      };
      const wished = await wishPass(context, input, signal);
      const signer = await context.signerOf(wished.frame.automation, signal);
      const push = pushPlan(wished.frame.automation, branch.name);
      const given = await batchFor(batches, wished, branch.description);
      const to = { push, branch, revision, toldRefs: writer.toldRefs };
      const { pass, lines: found, batch } = await duePass(wished, to, given, signal);
      const { lines, ...rest } = found;
      const { author } = pass;
      const result = { pass, revision, batch, site: given?.site, ...rest };
      return { ...push, lines, author, signer, result };
    },
    signal,
  );
  const { pass, revision, remember, batch, site } = result;
  const last = commits.at(-1);
  if (last !== undefined) remember?.(last.id);
  if (site !== undefined) await batches?.passed(site, batch);
  const branches = settledBranches(result.branches, commits);
  const { views } = context;
  const isWhole = request.update?.paths === undefined && request.update?.strategy === undefined;
  const pushed = { writer, views, pass, revision, branches, isWhole };
  const { findings: told, ...settled } = await settlePass(pushed, signal);
  const { findings: kept, ...retired } = await retireBranch(pushed, signal);
  const findings = [...pass.findings, ...foreignFindings(branches), ...told, ...kept];
  const isDue = isToBeSeen(commits, branch.name, views);
  const nextChange = isDue ? writer.clock.now() : pass.nextChange;
  return {
    pass: { ...pass, findings, nextChange },
    commits,
    branches,
    ...(batch === undefined ? {} : { batch }),
    ...settled,
    ...retired,
  };
}

/** What others are promoted from, or waited on another branch, is here now: it is looked at again at once. */
function isToBeSeen(
  commits: readonly MadeCommit[],
  base: string,
  { deployments }: PassContext['views'],
): boolean {
  return commits
    .filter((commit) => isOnBranch(commit, base))
    .some(
      ({ branch, changes }) =>
        branch !== base || changes.some(({ policy }) => deployments.isFollowed(policy)),
    );
}
