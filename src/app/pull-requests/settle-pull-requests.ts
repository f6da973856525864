import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';
import { asAppError, type AppError, type Finding } from '../../domain/errors.ts';
import { groupMark } from '../../domain/commit-record.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import { groupOf, isPending, pendingBody } from '../../domain/pull-requests/pull-request-record.ts';
import {
  isSameText,
  pullRequestBody,
  pullRequestTitle,
  type ChangeLink,
} from '../../domain/pull-requests/pull-request-text.ts';
import type { PullRequest, PullRequestText } from '../../ports/forge.ts';
import type { PullRequestDesk } from './pull-request-desk.ts';
import { extrasOf, setExtras } from './pull-request-extras.ts';

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
    try {
      if (branch.state === 'foreign' || branch.state === 'kept') {
        pullRequests.push(...(await leftAlone(settling, branch, signal)));
        continue;
      }
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

/** What stays as it is, is open nevertheless. */
async function leftAlone(
  { desk, automation }: Settling,
  { group, branch }: ProposedBranch,
  signal: AbortSignal,
): Promise<readonly SettledPullRequest[]> {
  const found = await desk.find(branch, signal);
  if (found === undefined || groupOf(found.body)?.automation !== automation) return [];
  const { title, url } = found;
  return [{ group: group.name, branch, title, url, state: 'current' }];
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
  const opening = { ...openingText(settling, text), branch: branch.branch };
  const { isNew, request } = await desk.create(opening, signal);
  if (isNew) return complete(settling, branch, { found: request, text }, signal);
  if (isSameText(request, plain)) {
    return finish(settling, branch, { found: request, state: 'current' }, signal);
  }
  return edit(settling, branch, { found: request, text }, signal);
}

/** A pull request, and what it is to say. */
interface Edit {
  readonly found: PullRequest;
  readonly text: PullRequestText;
}

/**
 * Gives a pull request its text. One that was not ours before is adopted, and one that was not completed is taken up
 * there: both are treated as new ones.
 */
async function edit(
  settling: Settling,
  branch: ProposedBranch,
  { found, text }: Edit,
  signal: AbortSignal,
): Promise<Settled> {
  const { desk, automation } = settling;
  const isNew = groupOf(found.body)?.automation !== automation || isPending(found.body);
  const next = isNew ? openingText(settling, text) : text;
  if (!isSameText(found, next)) await desk.edit(found, next, signal);
  if (isNew) return complete(settling, branch, { found, text }, signal);
  return finish(settling, branch, { found, state: 'edited' }, signal);
}

/** What a new one says while something is still to be set beside it. */
function openingText({ spec }: Settling, text: PullRequestText): PullRequestText {
  return extrasOf(spec) === undefined ? text : { ...text, body: pendingBody(text.body) };
}

/** Sets what stands beside a new one, and then takes back the word that this is to come. */
async function complete(
  { desk, spec, checkMayWrite }: Settling,
  branch: ProposedBranch,
  { found, text }: Edit,
  signal: AbortSignal,
): Promise<Settled> {
  const request = settledAs(branch, found, 'opened');
  const extras = extrasOf(spec);
  if (extras === undefined) return { request, findings: [] };
  checkMayWrite();
  const findings = await setExtras(desk, { found, extras }, signal);
  checkMayWrite();
  await desk.edit(found, text, signal);
  return { request, findings };
}

/** Forges take a push as a reason to forget that something is to be merged by itself. */
async function finish(
  { desk, spec, checkMayWrite }: Settling,
  branch: ProposedBranch,
  { found, state }: { readonly found: PullRequest; readonly state: 'edited' | 'current' },
  signal: AbortSignal,
): Promise<Settled> {
  const request = settledAs(branch, found, state);
  const isForgotten = spec.autoMerge === true && branch.state === 'pushed';
  if (!isForgotten) return { request, findings: [] };
  checkMayWrite();
  const extras = { labels: [], reviewers: [], autoMerge: true };
  return { request, findings: await setExtras(desk, { found, extras }, signal) };
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
