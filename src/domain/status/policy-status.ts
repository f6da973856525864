import { toSeconds, type Condition } from '../../api/conditions.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import { imagePolicyStatusSchema, type ImagePolicyStatus } from '../../api/image-policy-status.ts';
import type { AppError, Finding } from '../errors.ts';
import { heldBackOf, waitingOf, type HeldBack, type PassedOver } from '../gates/gate-verdict.ts';
import { pendingOf } from '../gates/policy-memory.ts';
import { lockRefusal, lockText } from '../plan/decide-by-lock.ts';
import { targetText } from '../plan/target.ts';
import { hasExpired, policyLock } from '../plan/effective-lock.ts';
import { writtenName, type Choice, type PolicyView } from '../plan/policy-view.ts';
import type { TagVerdict } from '../selection/selector.ts';
import { conditionsOf, type Verdict } from './conditions.ts';
import { failureVerdict } from './failure-verdict.ts';
import { sameJson } from './same-json.ts';
import { specVerdict } from './spec-verdict.ts';

/** A list of tags that a registry gave. */
export interface TagList {
  readonly at: Date;
  readonly tagCount: number;
  readonly revision: string;
}

/** What came of looking at a policy. */
export type PolicyOutcome =
  | { readonly kind: 'invalid'; readonly findings: readonly [Finding, ...Finding[]] }
  | {
      readonly kind: 'failed';
      readonly policy: ImagePolicy;
      readonly error: Pick<AppError, 'code' | 'message'>;
    }
  | {
      readonly kind: 'seen';
      readonly view: PolicyView;
      /** Absent where none was needed: to follow one tag is to ask for its digest alone. */
      readonly list?: TagList;
      /** Asked for only where the tags or the rules changed: explaining thousands of tags takes time. */
      readonly verdicts: () => readonly TagVerdict[];
    };

/** The object that a status belongs to, and when. */
export interface StatusContext<Status> {
  readonly previous: Status;
  readonly generation: number;
  /** What {@link requestOf} gave. */
  readonly requestedAt: string | undefined;
  readonly now: Date;
}

/** Would an automation do otherwise after this change of a policy's status? New tags that are not chosen do not matter. */
export function isOtherEffect(before: ImagePolicyStatus, after: ImagePolicyStatus): boolean {
  return !sameJson(effectOf(before), effectOf(after));
}

function effectOf({ latest, lock, conditions, observedGeneration }: ImagePolicyStatus): unknown {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return { latest, lock, reason: ready?.reason, observedGeneration };
}

/** The status that an API server keeps, as far as it can be understood; else an empty one. */
export function readPolicyStatus(raw: unknown): ImagePolicyStatus {
  return imagePolicyStatusSchema.safeParse(raw).data ?? {};
}

/**
 * Status of an ImagePolicy. The same outcome again gives the same status, to the byte, so that nothing
 * is written while nothing changes: `lastScan.time` is when a scan first gave the present result.
 */
export function policyStatus(
  outcome: PolicyOutcome,
  context: StatusContext<ImagePolicyStatus>,
): ImagePolicyStatus {
  const { previous, generation, requestedAt, now } = context;
  const found = outcome.kind === 'seen' ? findings(outcome, context) : unseen(outcome, context);
  const lock = outcome.kind === 'invalid' ? undefined : lockInEffect(outcome, now);
  const conditions = (previous.conditions ?? []) as readonly Condition[];
  return {
    ...previous,
    ...found,
    lock: lock === undefined ? undefined : statusLock(lock),
    conditions: [...conditionsOf(verdictOn(outcome, lock), conditions, { generation, now })],
    observedGeneration: generation,
    lastHandledReconcileAt: requestedAt ?? previous.lastHandledReconcileAt,
  };
}

type Seen = Extract<PolicyOutcome, { kind: 'seen' }>;
type PolicyLock = NonNullable<ReturnType<typeof policyLock>>;

function policyOf(outcome: Exclude<PolicyOutcome, { kind: 'invalid' }>): ImagePolicy {
  return outcome.kind === 'seen' ? outcome.view.policy : outcome.policy;
}

function lockInEffect(
  outcome: Exclude<PolicyOutcome, { kind: 'invalid' }>,
  now: Date,
): PolicyLock | undefined {
  const lock = policyLock(policyOf(outcome));
  return lock === undefined || hasExpired(lock, now) ? undefined : lock;
}

function statusLock({ tag, digest, reason, by, until }: PolicyLock): ImagePolicyStatus['lock'] {
  return { tag, digest, reason, by, until };
}

/** What a look at the registry says: the choice, the tags, and why each was passed over. */
function findings(
  outcome: Seen,
  context: StatusContext<ImagePolicyStatus>,
): Partial<ImagePolicyStatus> {
  const { view, list } = outcome;
  const { choice } = view;
  if (!isBelieved(choice)) return {};
  const { previous } = context;
  const pending = pendingOf(view.passedOver);
  const isSameList = list?.revision === previous.lastScan?.revision;
  const isExplained = isSameList && hasSameReasons(choice, pending, context);
  const verdicts = isExplained ? previous.verdicts : [...outcome.verdicts()];
  return {
    ...choices(view, context),
    verdicts: verdicts?.length === 0 ? undefined : verdicts,
    pending,
    lastScan: isSameList ? previous.lastScan : list && lastScan(list),
  };
}

/** A spec that changed and was not tried yet has no verdicts: those that are there followed other rules. */
function unseen(
  { kind }: PolicyOutcome,
  { previous, generation }: StatusContext<ImagePolicyStatus>,
): Partial<ImagePolicyStatus> {
  const isOther = kind === 'failed' && previous.observedGeneration !== generation;
  return isOther ? { verdicts: undefined, lastScan: undefined } : {};
}

function lastScan({ at, tagCount, revision }: TagList): ImagePolicyStatus['lastScan'] {
  return { time: toSeconds(at), tagCount, revision };
}

/** The present choice and the one before: `previous` moves only when the choice does. */
function choices(
  view: PolicyView,
  { previous: before, now }: StatusContext<ImagePolicyStatus>,
): Pick<ImagePolicyStatus, 'latest' | 'previous'> {
  const { latest: was } = before;
  if (view.choice.kind === 'blocked') return { latest: was, previous: before.previous };
  if (view.choice.kind !== 'selected')
    return { latest: undefined, previous: was ?? before.previous };
  const { tag, digest } = view.choice;
  const latest = { image: writtenName(view.policy), tag, digest };
  if (was !== undefined && isSameImage(was, latest))
    return { latest: was, previous: before.previous };
  const last = was ?? before.previous;
  return {
    latest: { ...latest, time: toSeconds(now) },
    previous: last !== undefined && isSameImage(last, latest) ? undefined : last,
  };
}

/** Is what was found to be kept? The last scan that was believed is what the next one is held against. */
function isBelieved(choice: Choice): boolean {
  if (choice.kind === 'blocked') return choice.reason !== 'Unconfirmed';
  return choice.kind === 'selected' || choice.kind === 'none';
}

/** Would the same tags be explained as they were? */
function hasSameReasons(
  choice: Choice,
  pending: ImagePolicyStatus['pending'],
  { previous, generation }: StatusContext<ImagePolicyStatus>,
): boolean {
  const tag = choice.kind === 'selected' ? choice.tag : undefined;
  const isSameChoice = tag === previous.latest?.tag || choice.kind === 'blocked';
  const isSameSpec = previous.observedGeneration === generation;
  return isSameChoice && isSameSpec && sameJson(pending, previous.pending);
}

type ChosenImage = NonNullable<ImagePolicyStatus['latest']>;

/** Is it the same image, whenever it was chosen? */
export function isSameImage(a: ChosenImage, b: ChosenImage): boolean {
  return a.image === b.image && a.tag === b.tag && a.digest === b.digest;
}

function verdictOn(outcome: PolicyOutcome, lock: PolicyLock | undefined): Verdict {
  switch (outcome.kind) {
    case 'invalid':
      return specVerdict(outcome.findings);
    case 'failed':
      return failureVerdict(outcome.error, 'ScanFailed');
    case 'seen':
      return lock === undefined || outcome.view.choice.kind === 'suspended'
        ? choiceVerdict(outcome)
        : lockVerdict(outcome, lock);
  }
}

function lockVerdict({ view }: Seen, lock: PolicyLock): Verdict {
  const { policy, choice } = view;
  const text = lockText(lock, lock.tag);
  if (lock.tag !== undefined && view.hasTag(lock.tag) === false) {
    const message = `${text}, but ${policy.spec.image} has no such tag; all locations stay as they are`;
    return { state: 'blocked', reason: 'LockTagMissing', message };
  }
  const refusal = lockRefusal(view, lock);
  if (refusal !== undefined) {
    const message = `${text}, but ${refusal}; locations that hold something else stay as they are`;
    return { state: 'blocked', reason: 'VerificationFailed', message };
  }
  const otherwise = choice.kind === 'selected' ? `; ${targetText(choice)} would be chosen` : '';
  return { state: 'ready', reason: 'Locked', message: `${text}${otherwise}` };
}

function choiceVerdict({ view: { choice, passedOver, signedBy }, list }: Seen): Verdict {
  switch (choice.kind) {
    case 'suspended':
      return {
        state: 'ready',
        reason: 'Suspended',
        message: 'suspended: the repository is not scanned, and all locations stay as they are',
      };
    case 'failed':
      return { state: 'failing', reason: 'ScanFailed', message: choice.message };
    case 'none':
      return { state: 'blocked', reason: 'NoMatchingTag', message: choice.message };
    case 'blocked':
      return { state: 'blocked', reason: choice.reason, message: choice.message };
    case 'selected': {
      const count =
        list === undefined ? '' : ` of ${list.tagCount} tag${list.tagCount === 1 ? '' : 's'}`;
      const signed = signedBy === undefined ? '' : `, ${signedBy}`;
      return {
        state: 'ready',
        reason: 'Succeeded',
        message: `${targetText(choice)} is chosen${count}${signed}${waitingText(passedOver)}`,
      };
    }
  }
}

/** Such as `; 6.3.0 waits for minimumAge until 2026-06-02T12:00:00Z (and 1 more)`. */
function waitingText(passedOver: readonly PassedOver[]): string {
  const waiting: readonly HeldBack[] = waitingOf(passedOver);
  const [first, ...others] = waiting.length > 0 ? waiting : heldBackOf(passedOver);
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `; ${first.tag} ${first.verdict.message}${more}`;
}
