import { toSeconds, type Condition, type Reason } from '../../api/conditions.ts';
import {
  imageUpdateAutomationStatusSchema,
  type ImageUpdateAutomationStatus,
} from '../../api/image-update-automation-status.ts';
import { formatLocation, placedMessage, type AppError, type Finding } from '../errors.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import type { Decision } from '../plan/decide-slot.ts';
import type { Reason as DecisionReason } from '../plan/slot-verdict.ts';
import type { PolicyView } from '../plan/policy-view.ts';
import { placeText } from '../branches/destination.ts';
import type { WindowState } from '../write-windows.ts';
import { keptBatch, type Batch } from '../batch-window.ts';
import { waitSummary, type Wait } from '../plan/waiting.ts';
import { conditionsOf, type Verdict } from './conditions.ts';
import { failureVerdict } from './failure-verdict.ts';
import { shortened } from './shortened.ts';
import type { StatusContext } from './policy-status.ts';
import { specVerdict } from './spec-verdict.ts';

/** A commit that is at the remote. */
export interface Push {
  readonly commit: string;
  readonly branch: string;
  readonly at: Date;
}

/** A pull request that waits to be merged. */
export interface OpenPullRequest {
  readonly branch: string;
  readonly url: string;
}

/** What a finished pass saw and did. */
export interface FinishedPass {
  readonly decisions: readonly Decision[];
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  readonly findings: readonly Finding[];
  /** State of `spec.windows`; absent where there are none. */
  readonly window?: WindowState;
  /** Changes that wait for more of them; absent where none do. */
  readonly batch?: Batch;
  /** What keeps changes waiting that are not written therefore. */
  readonly wait?: Wait | undefined;
  /** Files that the pass changed. */
  readonly changed: ReadonlySet<string>;
  /** Branches of ours that hold it; absent: it went to the branch that is read. */
  readonly waitsOn?: readonly string[];
  /** Pull requests that are open for them. */
  readonly pullRequests?: readonly OpenPullRequest[];
  /** Policies that would apply and cannot: their own status says why. */
  readonly unusable: readonly PolicyKey[];
}

/** What came of a run of an automation. */
export type AutomationOutcome =
  | { readonly kind: 'invalid'; readonly findings: readonly [Finding, ...Finding[]] }
  /** `by`: an object whose suspension it is, where it is not the automation's own. */
  | { readonly kind: 'suspended'; readonly by?: string }
  | { readonly kind: 'failed'; readonly error: Pick<AppError, 'code' | 'message'> }
  | { readonly kind: 'passed'; readonly pass: FinishedPass };

/** The status that an API server keeps, as far as it can be understood; else an empty one. */
export function readAutomationStatus(raw: unknown): ImageUpdateAutomationStatus {
  return imageUpdateAutomationStatusSchema.safeParse(raw).data ?? {};
}

/**
 * Status of an ImageUpdateAutomation. The same outcome again gives the same status, to the byte, so
 * that nothing is written while nothing changes.
 * @param push the last push that status does not tell of yet, where there is one
 */
export function automationStatus(
  outcome: AutomationOutcome,
  context: StatusContext<ImageUpdateAutomationStatus>,
  push?: Push,
): ImageUpdateAutomationStatus {
  const { previous, generation, requestedAt, now } = context;
  const conditions = (previous.conditions ?? []) as readonly Condition[];
  return {
    ...previous,
    ...(outcome.kind === 'passed' ? found(outcome.pass) : {}),
    ...lastPush(push, previous, outcome),
    conditions: [...conditionsOf(verdictOn(outcome), conditions, { generation, now })],
    observedGeneration: generation,
    lastHandledReconcileAt: requestedAt ?? previous.lastHandledReconcileAt,
  };
}

function found(pass: FinishedPass): Partial<ImageUpdateAutomationStatus> {
  return {
    locations: countLocations(pass),
    holds: statusHolds(pass),
    window: pass.window === undefined ? undefined : statusWindow(pass.window),
    batch: pass.batch === undefined ? undefined : keptBatch(pass.batch),
  };
}

/** As many as the schema takes: beyond that, the counts say the rest. */
const MAX_HOLDS = 128;

function statusHolds({ decisions }: FinishedPass): ImageUpdateAutomationStatus['holds'] {
  const holds = decisions.flatMap(({ hold, slot }) =>
    hold === undefined ? [] : [{ ...hold, at: slot.fields[0].at }],
  );
  if (holds.length === 0) return undefined;
  return holds.slice(0, MAX_HOLDS).map(({ at, rejected, by, time, commit, pullRequest }) => ({
    location: shortened(`${at.path}:${at.line}`, 2_048),
    tag: shortened(rejected, 256),
    ...(by === undefined ? {} : { by: shortened(by, 512) }),
    ...(time === undefined ? {} : { time }),
    ...(commit === undefined ? {} : { commit }),
    ...(pullRequest === undefined ? {} : { pullRequest: shortened(pullRequest, 2_048) }),
  }));
}

function statusWindow(window: WindowState): ImageUpdateAutomationStatus['window'] {
  const { open, reason, nextOpen } = window;
  return { open, reason, ...(nextOpen === undefined ? {} : { nextOpen: toSeconds(nextOpen) }) };
}

/** The pull request of a branch may have been opened by a later run than the one that pushed. */
function lastPush(
  push: Push | undefined,
  previous: ImageUpdateAutomationStatus,
  outcome: AutomationOutcome,
): Pick<ImageUpdateAutomationStatus, 'lastPush'> {
  const last =
    push === undefined
      ? previous.lastPush
      : { commit: push.commit, branch: push.branch, time: toSeconds(push.at) };
  if (last === undefined) return {};
  const open = outcome.kind === 'passed' ? (outcome.pass.pullRequests ?? []) : [];
  const found = open.find(({ branch }) => branch === last.branch);
  return { lastPush: { ...last, ...(found === undefined ? {} : { pullRequest: found.url }) } };
}

type Locations = NonNullable<ImageUpdateAutomationStatus['locations']>;

/** As what a location counts after a pass whose edits were made. */
const COUNTED_AS: Readonly<Record<DecisionReason, keyof Locations>> = {
  NewTag: 'upToDate',
  UpToDate: 'upToDate',
  Locked: 'locked',
  LockedTagMissing: 'failed',
  LockUnverified: 'failed',
  PinnedByDigest: 'failed',
  Downgrade: 'held',
  MinimumAge: 'pending',
  Soaking: 'pending',
  NotPromoted: 'held',
  PromotionInvalid: 'failed',
  Unconfirmed: 'held',
  VerificationFailed: 'failed',
  NoMatchingTag: 'failed',
  ScanFailed: 'failed',
  Suspended: 'held',
  WindowClosed: 'pending',
  Batching: 'pending',
  Held: 'held',
};

function countLocations({ decisions, changed, waitsOn }: FinishedPass): Locations {
  const counts = { total: 0, upToDate: 0, pending: 0, locked: 0, held: 0, failed: 0 };
  for (const { slot, reason, edits } of decisions) {
    const isRefused = edits.length > 0 && !changed.has(slot.fields[0].at.path);
    const waits = edits.length > 0 && waitsOn !== undefined;
    counts.total += 1;
    counts[isRefused ? 'failed' : waits ? 'pending' : COUNTED_AS[reason]] += 1;
  }
  return counts;
}

function verdictOn(outcome: AutomationOutcome): Verdict {
  switch (outcome.kind) {
    case 'invalid':
      return specVerdict(outcome.findings);
    case 'suspended':
      return {
        state: 'ready',
        reason: 'Suspended',
        message: `${outcome.by === undefined ? '' : `${outcome.by} is `}suspended: nothing is written to the repo`,
      };
    case 'failed':
      return failureVerdict(outcome.error, 'GitFailed');
    case 'passed':
      return passVerdict(outcome.pass);
  }
}

/**
 * What a finished pass amounts to, and why nothing moved where nothing did. Files first: a policy that is not ready
 * tells of itself in its own status.
 */
export function passVerdict(pass: FinishedPass): Verdict {
  const errors = pass.findings.filter(
    ({ severity, code }) => severity === 'error' && code !== 'policy/failed',
  );
  const [first] = errors;
  if (first !== undefined) {
    const message = `${placedMessage(first)}${andMore(errors.length - 1)}`;
    return { state: 'blocked', reason: reasonOf(errors), message };
  }
  const waiting = policiesNotReady(pass);
  if (waiting.length > 0) {
    const message = `${waiting[0]}${andMore(waiting.length - 1)}`;
    return { state: 'blocked', reason: 'PolicyNotReady', message };
  }
  const { wait } = pass;
  const waits = waitSummary(pass.decisions, wait);
  if (wait !== undefined && waits !== undefined) {
    return { state: 'ready', reason: wait.reason, message: waits };
  }
  return {
    state: 'ready',
    reason: 'Succeeded',
    message: `${summary(countLocations(pass))}${branchesText(pass)}${firstLeft(pass)}${warnings(pass)}`,
  };
}

function branchesText({ waitsOn = [], pullRequests = [] }: FinishedPass): string {
  const [request] = pullRequests;
  if (request !== undefined) {
    const count = pullRequests.length;
    return `; ${count} pull request${count === 1 ? '' : 's'} open: ${request.url}${andMore(count - 1)}`;
  }
  const [first] = waitsOn;
  if (first === undefined) return '';
  return `; on ${placeText(first)}${andMore(waitsOn.length - 1)}, to be merged`;
}

/** Why fields do not move that are not locked: those that a person moved come first. */
function firstLeft({ decisions }: FinishedPass): string {
  const left = decisions.filter(
    ({ reason, edits }) =>
      edits.length === 0 && (COUNTED_AS[reason] === 'held' || COUNTED_AS[reason] === 'pending'),
  );
  const first = left.find(({ hold }) => hold !== undefined) ?? left[0];
  if (first === undefined) return '';
  return `; ${formatLocation(first.slot.fields[0].at)} ${first.message}${andMore(left.length - 1)}`;
}

/** Warnings about fields that someone meant to be updated, and that are not: the place where a person looks for why. */
const TOLD_WARNINGS: ReadonlySet<Finding['code']> = new Set<Finding['code']>([
  'policy/no-access',
  'marker/unknown-policy',
  'marker/malformed',
  'marker/dangling',
  'field/unsupported',
  'branch/foreign',
  'branch/stale',
]);

function warnings({ findings }: FinishedPass): string {
  const told = findings.filter(({ code }) => TOLD_WARNINGS.has(code));
  const [first] = told;
  return first === undefined ? '' : `; ${placedMessage(first)}${andMore(told.length - 1)}`;
}

function reasonOf(errors: readonly Finding[]): Reason {
  const areAll = (wanted: Finding['code']) => errors.every(({ code }) => code === wanted);
  if (areAll('lock/tag-missing')) return 'LockTagMissing';
  return areAll('policy/no-access') ? 'AccessDenied' : 'ManifestInvalid';
}

function policiesNotReady({ views, unusable }: FinishedPass): readonly string[] {
  const unseen = [...views].flatMap(([key, { choice }]) =>
    choice.kind === 'failed' ||
    choice.kind === 'none' ||
    (choice.kind === 'blocked' && choice.reason === 'PromotionInvalid')
      ? [`ImagePolicy ${key}: ${choice.message}`]
      : [],
  );
  return [...unusable.map((key) => `ImagePolicy ${key} cannot be used; see its status`), ...unseen];
}

function andMore(count: number): string {
  return count === 0 ? '' : ` (and ${count} more)`;
}

function summary({ total, upToDate, pending, locked, held, failed }: Locations): string {
  if (total === 0) return 'no field of the repo belongs to a policy of this automation';
  const others = [
    pending === 0 ? '' : `, ${pending} waiting`,
    locked === 0 ? '' : `, ${locked} locked`,
    held === 0 ? '' : `, ${held} left alone`,
    failed === 0 ? '' : `, ${failed} that cannot be changed`,
  ].join('');
  return `${upToDate} of ${countText(total)} up to date${others}`;
}

function countText(count: number): string {
  return `${count} location${count === 1 ? '' : 's'}`;
}
