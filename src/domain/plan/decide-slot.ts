import type { Finding } from '../errors.ts';
import type { FieldEdit, ImageField, Lock, PolicyKey } from '../manifest/image-field.ts';
import { effectiveLock } from './effective-lock.ts';
import { nameToWrite, type ImageSlot } from './image-slot.ts';
import { followsDigest, reflectsDigest, type PolicyView } from './policy-view.ts';

/** Why a slot moves, or why it does not. Closed set: it is shown in status, metrics and JSON output. */
export const REASONS = [
  'NewTag',
  'UpToDate',
  'Locked',
  'LockedTagMissing',
  'LockUnverified',
  'PinnedByDigest',
  'Downgrade',
  'NoMatchingTag',
  'ScanFailed',
  'Suspended',
] as const;

export type Reason = (typeof REASONS)[number];

/** What a slot should hold. */
interface Target {
  readonly tag: string;
  readonly digest?: string;
}

/** The verdict on one slot, explained. `edits` is empty when the slot stays as it is. */
export interface Decision {
  readonly policy: PolicyKey;
  readonly slot: ImageSlot;
  readonly reason: Reason;
  /** One line for a person. */
  readonly message: string;
  /** What the slot holds: tag, or tag and digest; undefined when it holds neither. */
  readonly current?: string;
  /** What the policy would choose, lock or not. */
  readonly choice?: string;
  /** What is written, when something is. */
  readonly target?: string;
  readonly lock?: Lock;
  readonly edits: readonly FieldEdit[];
  /** Something the user must act on. */
  readonly finding?: Finding;
}

/** A step's answer before it is dressed as a {@link Decision}. */
interface Verdict {
  readonly reason: Reason;
  readonly message: string;
  readonly target?: Target;
  readonly lock?: Lock;
  readonly finding?: Finding;
}

/**
 * Decides one slot: locks first, then gates, then the policy's choice; the first that speaks wins.
 * Pure: the same inputs give the same decision.
 */
export function decideSlot(slot: ImageSlot, view: PolicyView, now: Date): Decision {
  const lock = effectiveLock(slot, view.policy, now);
  const verdict = lock === undefined ? decideByChoice(slot, view) : decideByLock(slot, view, lock);
  const edits = verdict.target === undefined ? [] : editsFor(slot, view, verdict.target);
  const current = heldText(slot);
  const upToDate = verdict.reason === 'NewTag' && edits.length === 0;
  return {
    policy: slot.policy,
    slot,
    reason: upToDate ? 'UpToDate' : verdict.reason,
    message: upToDate ? `holds ${current}, the newest that the policy allows` : verdict.message,
    edits,
    ...(current === undefined ? {} : { current }),
    ...(view.choice.kind === 'selected' ? { choice: targetText(view.choice) } : {}),
    ...(verdict.target === undefined || edits.length === 0
      ? {}
      : { target: targetText(verdict.target) }),
    ...(verdict.lock === undefined ? {} : { lock: verdict.lock }),
    ...(verdict.finding === undefined ? {} : { finding: verdict.finding }),
  };
}

function decideByLock(slot: ImageSlot, view: PolicyView, lock: Lock): Verdict {
  const held = heldTag(slot);
  const tag = lock.tag ?? held;
  const describe = lockText(lock, tag);
  if (tag === undefined || (lock.tag === undefined && lock.digest === undefined)) {
    return { reason: 'Locked', message: describe, lock };
  }
  const exists = view.hasTag(tag);
  if (exists === false) return lockedTagMissing(slot, view, { lock, tag, held });
  if (exists === undefined && tag !== held) {
    const message = `${describe}, but the registry could not be asked whether the tag exists`;
    return { reason: 'LockUnverified', message, lock };
  }
  const digest = lock.digest ?? (reflectsDigest(view.policy) ? view.digestOf(tag) : undefined);
  const target = { tag, ...(digest === undefined ? {} : { digest }) };
  const pinned = pinnedByDigest(slot, target);
  if (pinned !== undefined) return { ...pinned, lock };
  // An already locked tag keeps the digest it has: a lock means that nothing moves.
  if (tag === held && lock.digest === undefined)
    return { reason: 'Locked', message: describe, lock };
  return { reason: 'Locked', message: describe, target, lock };
}

function lockedTagMissing(
  slot: ImageSlot,
  view: PolicyView,
  { lock, tag, held }: { lock: Lock; tag: string; held: string | undefined },
): Verdict {
  const message = `${lockText(lock, tag)}, but ${view.policy.spec.image} has no such tag; the field stays as it is`;
  return {
    reason: 'LockedTagMissing',
    message,
    lock,
    finding: {
      severity: tag === held ? 'warning' : 'error',
      code: 'lock/tag-missing',
      message,
      at: slot.fields[0].at,
    },
  };
}

function decideByChoice(slot: ImageSlot, view: PolicyView): Verdict {
  const { choice } = view;
  switch (choice.kind) {
    case 'suspended':
      return { reason: 'Suspended', message: `ImagePolicy ${slot.policy} is suspended` };
    case 'failed':
      return { reason: 'ScanFailed', message: choice.message };
    case 'none':
      return { reason: 'NoMatchingTag', message: choice.message };
    case 'selected':
      return gate(slot, view, choice);
  }
}

/** The gates between a choice and the field: an outdated digest beside it, and downgrades. */
function gate(slot: ImageSlot, view: PolicyView, choice: Target): Verdict {
  const held = heldTag(slot);
  const pinned = pinnedByDigest(slot, choice);
  if (pinned !== undefined) return pinned;
  const message = `${heldText(slot) ?? 'no tag'} -> ${targetText(choice)}`;
  if (held === choice.tag) {
    const keepsDigest = !followsDigest(view.policy) && heldDigest(slot) !== undefined;
    return { reason: 'NewTag', message, target: keepsDigest ? heldTarget(slot, held) : choice };
  }
  const age = held === undefined ? undefined : view.selector.compare(held, choice.tag);
  if (age !== undefined && age > 0 && !view.policy.spec.allowDowngrade) {
    return {
      reason: 'Downgrade',
      message: `holds ${held}, which is newer than ${choice.tag}; set allowDowngrade or a lock to go back`,
    };
  }
  return { reason: 'NewTag', message, target: choice };
}

/** A digest in a field of its own would win over a new tag: both move together, or neither. */
function pinnedByDigest(slot: ImageSlot, target: Target): Verdict | undefined {
  const separate = slot.fields.some((field) => field.separateDigest || field.part === 'digest');
  const stale = heldDigest(slot) !== undefined && target.digest === undefined;
  if (!separate || !stale || target.tag === heldTag(slot)) return undefined;
  const message = `the image is pinned by a digest beside its tag; set digestReflectionPolicy so that both move together, or remove the digest`;
  return {
    reason: 'PinnedByDigest',
    message,
    finding: { severity: 'warning', code: 'field/unsupported', message, at: slot.fields[0].at },
  };
}

function heldTarget(slot: ImageSlot, tag: string): Target {
  const digest = heldDigest(slot);
  return { tag, ...(digest === undefined ? {} : { digest }) };
}

function editsFor(slot: ImageSlot, view: PolicyView, target: Target): readonly FieldEdit[] {
  return slot.fields
    .map((field) => ({ field, value: valueFor(field, view, target) }))
    .filter((edit) => edit.value !== edit.field.value);
}

function valueFor(field: ImageField, view: PolicyView, target: Target): string {
  switch (field.part) {
    case 'name':
      return nameToWrite(field.value, view);
    case 'digest':
      return target.digest ?? field.value;
    case 'tag':
      // `tag@digest` in a tag field is understood by kustomize and by charts that join with ":";
      // a field marked `:tag` holds the tag alone, as in Flux.
      return field.marker === undefined && !field.separateDigest ? targetText(target) : target.tag;
    case 'reference':
      return `${nameToWrite(field.current.name, view)}:${targetText(target)}`;
  }
}

function heldTag(slot: ImageSlot): string | undefined {
  return slot.fields.map((field) => field.current.tag).find((tag) => tag !== undefined);
}

function heldDigest(slot: ImageSlot): string | undefined {
  return slot.fields.map((field) => field.current.digest).find((digest) => digest !== undefined);
}

function heldText(slot: ImageSlot): string | undefined {
  const tag = heldTag(slot);
  const digest = heldDigest(slot);
  if (tag === undefined) return digest;
  return targetText({ tag, ...(digest === undefined ? {} : { digest }) });
}

function targetText(target: Target): string {
  return target.digest === undefined ? target.tag : `${target.tag}@${target.digest}`;
}

function lockText(lock: Lock, tag: string | undefined): string {
  return [
    `locked${tag === undefined ? '' : ` at ${tag}`}`,
    lock.by === undefined ? '' : `by ${lock.by}`,
    lock.until === undefined ? '' : `until ${lock.until}`,
    lock.reason === undefined ? '' : `(${lock.reason})`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
