import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';
import { asAppError, type AppError, type Finding } from '../../domain/errors.ts';
import { groupMark } from '../../domain/commit-record.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import { groupOf } from '../../domain/pull-requests/pull-request-record.ts';
import {
  isSameText,
  pullRequestBody,
  pullRequestTitle,
  type ChangeLink,
} from '../../domain/pull-requests/pull-request-text.ts';
import type { PullRequest, PullRequestText } from '../../ports/forge.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';

/** A branch with the changes of one group, which is to have a pull request. */
export interface ProposedBranch {
  readonly group: { readonly name: string; readonly changes: readonly Change[] };
  readonly branch: string;
  /** `kept`, `foreign`: it stays as it is, and so does its pull request. */
  readonly state: 'pushed' | 'current' | 'kept' | 'planned' | 'foreign';
  /** Message of its commit. */
  readonly message: string;
}

/** How a pull request stands after a pass. */
export interface SettledPullRequest {
  readonly group: string;
  readonly branch: string;
  readonly title: string;
  /** Absent where there is none yet. */
  readonly url?: string;
  /** `to-…`: it would be, but nothing is written. */
  readonly state: 'current' | 'opened' | 'edited' | 'closed' | 'to-open' | 'to-edit' | 'to-close';
}

/** What came of the pull requests of a pass. */
export interface SettledPullRequests {
  readonly pullRequests: readonly SettledPullRequest[];
  /** What the forge would not have, which stands in no one's way. */
  readonly findings: readonly Finding[];
  /** Why not all are as they should be: the first of the failures. */
  readonly failure?: AppError;
}

/** What pull requests are settled with. */
export interface Settling {
  readonly desk: PullRequestDesk;
  /** `namespace/name`. */
  readonly automation: string;
  readonly spec: NonNullable<ImageUpdateAutomationSpec['pullRequest']>;
  readonly branches: readonly ProposedBranch[];
  /** Where to read what changed; best effort. */
  readonly linksOf: (
    changes: readonly Change[],
    signal: AbortSignal,
  ) => Promise<readonly ChangeLink[]>;
  readonly dryRun: boolean;
  /** Throws when this process may write no more. */
  readonly checkMayWrite: () => void;
}

/**
 * Brings the pull request of each branch to what it should say: opens it where there is none, which also
 * mends a death between push and opening, and writes only where something differs. A failure is told, and
 * those that the forge has nothing against are settled nevertheless.
 * @throws AppError `cancelled`
 */
export async function settlePullRequests(
  settling: Settling,
  signal: AbortSignal,
): Promise<SettledPullRequests> {
  const pullRequests: SettledPullRequest[] = [];
  const findings: Finding[] = [];
  const failures: AppError[] = [];
  for (const branch of settling.branches) {
    if (branch.state === 'foreign' || branch.state === 'kept') continue;
    try {
      const settled = await settle(settling, branch, signal);
      pullRequests.push(settled.request);
      findings.push(...settled.findings);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'cancelled') throw error;
      failures.push(error);
      if (error.code !== 'forge/rejected') break;
    }
  }
  const [failure] = failures;
  return { pullRequests, findings, ...(failure === undefined ? {} : { failure }) };
}

/** One that is settled, and what could not be had for it. */
interface Settled {
  readonly request: SettledPullRequest;
  readonly findings: readonly Finding[];
}

async function settle(
  settling: Settling,
  branch: ProposedBranch,
  signal: AbortSignal,
): Promise<Settled> {
  const { desk, dryRun, checkMayWrite } = settling;
  const found = await desk.find(branch.branch, signal);
  const plain = textOf(settling, branch, []);
  if (found !== undefined && isSameText(found, plain)) {
    return finish(settling, branch, { found, state: 'current' }, signal);
  }
  if (dryRun) {
    const state = found === undefined ? 'to-open' : 'to-edit';
    return { request: settledAs(branch, found, state), findings: [] };
  }
  const links = await settling.linksOf(branch.group.changes, signal);
  const text = textOf(settling, branch, links);
  checkMayWrite();
  if (found !== undefined) return edit(settling, branch, { found, text }, signal);
  const { isNew, request } = await desk.create({ ...text, branch: branch.branch }, signal);
  if (isNew) return finish(settling, branch, { found: request, state: 'opened' }, signal);
  if (isSameText(request, plain)) {
    return finish(settling, branch, { found: request, state: 'current' }, signal);
  }
  return edit(settling, branch, { found: request, text }, signal);
}

/** Gives a pull request its text. One that was not ours before is adopted: it is treated as a new one. */
async function edit(
  settling: Settling,
  branch: ProposedBranch,
  { found, text }: { readonly found: PullRequest; readonly text: PullRequestText },
  signal: AbortSignal,
): Promise<Settled> {
  const isOurs = groupOf(found.body)?.automation === settling.automation;
  await settling.desk.edit(found, text, signal);
  const state = isOurs ? 'edited' : 'opened';
  return finish(settling, branch, { found, state }, signal);
}

/** What stands beside the text: all of it once, and auto-merge again after a push, which forges take as a reason to forget it. */
async function finish(
  settling: Settling,
  branch: ProposedBranch,
  {
    found,
    state,
  }: { readonly found: PullRequest; readonly state: 'opened' | 'edited' | 'current' },
  signal: AbortSignal,
): Promise<Settled> {
  const { labels = [], reviewers = [], autoMerge = false } = settling.spec;
  const request = settledAs(branch, found, state);
  const isNew = state === 'opened';
  const isForgotten = autoMerge && branch.state === 'pushed';
  const isWanted = isNew ? labels.length + reviewers.length > 0 || autoMerge : isForgotten;
  if (!isWanted) return { request, findings: [] };
  settling.checkMayWrite();
  const extras = isNew
    ? { labels, reviewers, autoMerge }
    : { labels: [], reviewers: [], autoMerge };
  const problems = await settling.desk.decorate(found, extras, signal);
  return {
    request,
    findings: problems.map((problem) => ({
      severity: 'warning',
      code: 'pull-request/incomplete',
      message: `pull request ${found.url}: ${problem}`,
    })),
  };
}

function textOf(
  { automation, spec }: Settling,
  { group, message }: ProposedBranch,
  links: readonly ChangeLink[],
): PullRequestText {
  const content = {
    group: groupMark(automation, group.name),
    changes: group.changes,
    provider: spec.provider,
    links,
  };
  return { title: pullRequestTitle(message), body: pullRequestBody(content) };
}

function settledAs(
  { group, branch, message }: ProposedBranch,
  found: PullRequest | undefined,
  state: SettledPullRequest['state'],
): SettledPullRequest {
  return {
    group: group.name,
    branch,
    title: pullRequestTitle(message),
    ...(found === undefined ? {} : { url: found.url }),
    state,
  };
}
