import {
  groupOf,
  isSuperseded,
  proposedBy,
  supersededBody,
} from '../../domain/pull-requests/pull-request-record.ts';
import { isSettled, type Found } from '../../domain/pull-requests/superseded.ts';
import type { PullRequest } from '../../ports/forge.ts';
import type { OwnBranchAt } from '../branches/delete-branch.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';
import type { SettledPullRequest } from './settle-pull-requests.ts';

const COMMENT =
  'Nothing that is proposed here is left to be done: Lockkeeper closes this pull request, and refuses no tag by that.';

/** What pull requests and branches are retired with. */
export interface Retiring {
  readonly desk: PullRequestDesk;
  /** `namespace/name`. */
  readonly automation: string;
  /** Branches that are wanted now. */
  readonly wanted: ReadonlySet<string>;
  /** Branches of groups that want nothing now, by what they are called. */
  readonly idle: readonly string[];
  readonly found: Found;
  /** Heads of branches that are there, and ours alone. */
  readonly ownHeads: (
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, string>>;
  readonly deleteBranch: (branch: OwnBranchAt, signal: AbortSignal) => Promise<void>;
  readonly dryRun: boolean;
  /** Throws when this process may write no more. */
  readonly checkMayWrite: () => void;
}

/**
 * Closes pull requests of ours that have nothing to do any more, and deletes the branches of those that were
 * merged. Only where it is certain: see {@link isSettled}. The branch of one that a person closed stays, so that
 * it can be reopened.
 * @returns those that were closed
 */
export async function retirePullRequests(
  retiring: Retiring,
  signal: AbortSignal,
): Promise<readonly SettledPullRequest[]> {
  const open = await retiring.desk.open(signal);
  const done = open.filter((request) => isDone(retiring, request));
  const openBranches = new Set(open.map(({ branch }) => branch));
  const idle = retiring.idle.filter((branch) => !openBranches.has(branch));
  const names = [...new Set([...done.map(({ branch }) => branch), ...idle])];
  if (names.length === 0) return [];
  const heads = await retiring.ownHeads(names, signal);
  const closed: SettledPullRequest[] = [];
  for (const request of done) {
    const head = heads.get(request.branch);
    // Somebody else's work is on it: theirs to end.
    if (head !== undefined) closed.push(await close(retiring, request, head, signal));
  }
  for (const branch of idle) {
    const head = heads.get(branch);
    if (head === undefined || retiring.dryRun) continue;
    if (await isReopenable(retiring.desk, branch, signal)) continue;
    retiring.checkMayWrite();
    await retiring.deleteBranch({ name: branch, expected: head }, signal);
  }
  return closed;
}

function isDone({ automation, wanted, found }: Retiring, request: PullRequest): boolean {
  if (groupOf(request.body)?.automation !== automation || wanted.has(request.branch)) return false;
  const policies = proposedBy(request).map(({ policy }) => policy);
  return policies.length > 0 && policies.every((policy) => isSettled(policy, found));
}

/** That it is no person's no is written first: a death in between must not make it one. */
async function close(
  { desk, dryRun, checkMayWrite, deleteBranch }: Retiring,
  request: PullRequest,
  head: string,
  signal: AbortSignal,
): Promise<SettledPullRequest> {
  const { branch, title, body, url } = request;
  const group = groupOf(body)?.group ?? '';
  if (dryRun) return { group, branch, title, url, state: 'to-close' };
  checkMayWrite();
  await desk.edit(request, { title, body: supersededBody(body) }, signal);
  await desk.close(request, COMMENT, signal);
  await deleteBranch({ name: branch, expected: head }, signal);
  return { group, branch, title, url, state: 'closed' };
}

/** Did a person close the last pull request of a branch? */
async function isReopenable(
  desk: PullRequestDesk,
  branch: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [last] = desk.known(branch) ?? (await desk.ended(branch, signal));
  return last?.state === 'closed' && !isSuperseded(last.body);
}
