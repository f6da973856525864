import { automationKey, type StandaloneEvent } from './run-standalone.ts';
import { finishedPass } from '../update/finished-pass.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';
import {
  reportOf,
  type Held,
  type PolicyReport,
  type ReportedCommit,
} from '../update/update-report.ts';
import type { SettledPullRequest } from '../pull-requests/settle-pull-requests.ts';
import type { Batch } from '../../domain/batch-window.ts';
import { passVerdict } from '../../domain/status/automation-status.ts';
import type { WindowState } from '../../domain/write-windows.ts';
import { findingOf, placedMessage, type Finding } from '../../domain/errors.ts';

/** How one automation stands. */
export interface AutomationStatus {
  readonly ready: boolean;
  /** One line: what was done last, or what is wrong. */
  readonly message: string;
  /** Absent: there has been none. */
  readonly lastPass?: string;
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
      const kept = Object.entries(status).filter(([key]) => automations.has(key));
      const suspended = [...automations]
        .filter(([, { spec }]) => spec.suspend)
        .map(([key]) => [key, whileSuspended(status[key])] as const);
      return Object.fromEntries([...kept, ...suspended]);
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

/** No pass is made for it, and so none tells why nothing happens. */
function whileSuspended(before: AutomationStatus | undefined): AutomationStatus {
  const { lastPass, lastPush } = before ?? {};
  return {
    ready: true,
    message: 'suspended: nothing is written to the repo',
    ...(lastPass === undefined ? {} : { lastPass }),
    policies: [],
    held: [],
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
  const { policies, held, findings, commits, pullRequests } = reportOf(outcome);
  const commit = commits.at(-1);
  const pushed = commit === undefined ? before?.lastPush : pushOf(commit, time);
  const lastPush = pushed && withPullRequest(pushed, pullRequests);
  const error = findings.find(({ severity }) => severity === 'error');
  const verdict = passVerdict(finishedPass(outcome));
  return {
    ready: error === undefined && verdict.state === 'ready',
    message: error === undefined ? (commit?.subject ?? verdict.message) : placedMessage(error),
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
