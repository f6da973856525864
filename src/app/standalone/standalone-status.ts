import { automationKey, type StandaloneEvent } from './run-standalone.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';
import {
  reportOf,
  type BranchReport,
  type Held,
  type PolicyReport,
  type ReportedCommit,
} from '../update/update-report.ts';
import { waitSummary } from '../../domain/plan/waiting.ts';
import { placeText } from '../../domain/branches/destination.ts';
import type { SettledPullRequest } from '../pull-requests/settle-pull-requests.ts';
import type { Batch } from '../../domain/batch-window.ts';
import type { WindowState } from '../../domain/write-windows.ts';
import { findingOf, placedMessage, type Finding } from '../../domain/errors.ts';

/** How one automation stands. */
export interface AutomationStatus {
  readonly ready: boolean;
  /** One line: what was done last, or what is wrong. */
  readonly message: string;
  readonly lastPass: string;
  readonly lastPush?: {
    readonly commit: string;
    readonly branch?: string;
    readonly time: string;
    readonly subject: string;
    readonly pullRequest?: string;
  };
  readonly policies: readonly PolicyReport[];
  readonly held: readonly Held[];
  readonly findings: readonly Finding[];
  /** State of `spec.windows`, where there are any. */
  readonly window?: WindowState;
  /** Changes that wait for more of them, where some do. */
  readonly batch?: Batch;
}

/** Status of a standalone controller: what the state file holds. */
export type StandaloneStatus = Readonly<Record<string, AutomationStatus>>;

/** Status after an event. Pure: the same events give the same status. */
export function nextStatus(
  status: StandaloneStatus,
  event: StandaloneEvent,
  now: Date,
): StandaloneStatus {
  switch (event.kind) {
    case 'config-failed':
    case 'push-retry':
    case 'push':
    case 'receiver-failed':
      return status;
    case 'config-loaded': {
      const { automations } = event.resources;
      return Object.fromEntries(Object.entries(status).filter(([key]) => automations.has(key)));
    }
    case 'pass':
    case 'pass-failed': {
      const key = automationKey(event.automation);
      return { ...status, [key]: statusOf(status[key], event, now) };
    }
  }
}

function statusOf(
  before: AutomationStatus | undefined,
  event: Extract<StandaloneEvent, { kind: 'pass' | 'pass-failed' }>,
  now: Date,
): AutomationStatus {
  const lastPass = now.toISOString();
  if (event.kind === 'pass') return afterPass(before, event.outcome, lastPass);
  const { policies = [], held = [], lastPush } = before ?? {};
  return {
    ready: false,
    message: placedMessage(findingOf(event.error)),
    lastPass,
    policies,
    held,
    findings: [],
    ...(lastPush === undefined ? {} : { lastPush }),
  };
}

function afterPass(
  before: AutomationStatus | undefined,
  outcome: CarriedOutPass,
  time: string,
): AutomationStatus {
  const { pass, batch } = outcome;
  const { policies, held, findings, commits, branches, pullRequests } = reportOf(outcome);
  const commit = commits.at(-1);
  const pushed = commit === undefined ? before?.lastPush : pushOf(commit, time);
  const lastPush = pushed && withPullRequest(pushed, pullRequests);
  const error = findings.find(({ severity }) => severity === 'error');
  return {
    ready: error === undefined,
    message:
      error === undefined
        ? (commit?.subject ??
          waitSummary(pass.plan.decisions, pass.wait) ??
          waitingText(branches, pullRequests) ??
          'nothing to do')
        : placedMessage(error),
    lastPass: time,
    policies,
    held,
    findings,
    ...(pass.window === undefined ? {} : { window: pass.window }),
    ...(batch === undefined ? {} : { batch }),
    ...(lastPush === undefined ? {} : { lastPush }),
  };
}

function pushOf(
  { id, subject, branch }: ReportedCommit,
  time: string,
): NonNullable<AutomationStatus['lastPush']> {
  return { commit: id, ...(branch === undefined ? {} : { branch }), time, subject };
}

/** It may have been opened by a later pass than the one that pushed. */
function withPullRequest(
  push: NonNullable<AutomationStatus['lastPush']>,
  pullRequests: readonly SettledPullRequest[],
): NonNullable<AutomationStatus['lastPush']> {
  const found = pullRequests.find(({ branch }) => branch === push.branch);
  return found?.url === undefined ? push : { ...push, pullRequest: found.url };
}

/** The first branch that is left alone, or else the pull request or branch that waits. */
function waitingText(
  branches: readonly BranchReport[],
  pullRequests: readonly SettledPullRequest[],
): string | undefined {
  const foreign = branches.find(({ reason }) => reason !== undefined);
  const [first] = branches;
  if (foreign !== undefined) return foreign.reason;
  const open = pullRequests.find(({ url, state }) => url !== undefined && state !== 'closed');
  if (open !== undefined) return `${open.url} waits to be merged`;
  return first === undefined ? undefined : `waits on ${placeText(first.branch)} to be merged`;
}
