import type { Finding } from '../errors.ts';
import { waitingOf } from '../gates/gate-verdict.ts';
import { formatImageReference } from '../image-reference.ts';
import type { FieldEdit, ImageField, Lock, PolicyKey } from '../manifest/image-field.ts';
import { decideByLock } from './decide-by-lock.ts';
import { effectiveLock } from './effective-lock.ts';
import { holdText, refuses, type Hold, type OnRevert } from './hold.ts';
import { nameToWrite, type ImageSlot } from './image-slot.ts';
import { followsDigest, type PolicyView } from './policy-view.ts';
import { pinnedByDigest, type Reason, type Verdict } from './slot-verdict.ts';
import { heldBy, heldText, targetText, type Target } from './target.ts';

/** What is to be minded besides the slot and its policy. */
export interface Situation {
  readonly now: Date;
  /** Which fields a person moved away from what was written, and what that means. */
  readonly reverts?: Reverts;
}

/** What persons took back, or would not have. */
export interface Reverts {
  readonly mode: OnRevert;
  readonly holdsOf: (slot: ImageSlot) => readonly Hold[];
}

/** A choice that there is. */
type Selected = Extract<PolicyView['choice'], { kind: 'selected' }>;

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
  /** Why it is held, where the reason is that. */
  readonly hold?: Hold;
  readonly edits: readonly FieldEdit[];
  /** Something the user must act on. */
  readonly finding?: Finding;
}

/**
 * Decides one slot: locks first, then what a person took back, then gates, then the policy's choice; the
 * first that speaks wins.
 * Pure: the same inputs give the same decision.
 */
export function decideSlot(slot: ImageSlot, view: PolicyView, situation: Situation): Decision {
  const lock = effectiveLock(slot, view.policy, situation.now);
  const verdict = lock === undefined ? decideByChoice(slot, view) : decideByLock(slot, view, lock);
  const edits = verdict.target === undefined ? [] : editsFor(slot, view, verdict.target);
  const held =
    lock === undefined && edits.length > 0
      ? heldVerdict({ slot, view }, verdict, situation.reverts)
      : undefined;
  return held === undefined
    ? decision({ slot, view }, verdict, edits)
    : decision({ slot, view }, held, []);
}

/** Why a field stays as it is although its policy chose otherwise. A lock is a person's word, too: it goes first. */
function heldVerdict(
  { slot, view }: Subject,
  { target }: Verdict,
  reverts: Reverts | undefined,
): Verdict | undefined {
  if (reverts === undefined || target === undefined) return undefined;
  const { mode } = reverts;
  const compare = view.selector.compare.bind(view.selector);
  const choice = targetText(target);
  const hold = reverts.holdsOf(slot).find((one) => refuses(one, choice, { mode, compare }));
  if (hold === undefined) return undefined;
  return { reason: 'Held', message: holdText(hold, heldText(slot), mode), hold };
}

/** A slot and the policy that it belongs to. */
interface Subject {
  readonly slot: ImageSlot;
  readonly view: PolicyView;
}

function decision(
  { slot, view }: Subject,
  verdict: Verdict,
  edits: readonly FieldEdit[],
): Decision {
  const current = heldText(slot);
  const upToDate = verdict.reason === 'NewTag' && edits.length === 0;
  return {
    policy: slot.policy,
    slot,
    reason: upToDate ? 'UpToDate' : verdict.reason,
    message: upToDate ? upToDateText(current) : verdict.message,
    edits,
    ...(current === undefined ? {} : { current }),
    ...(view.choice.kind === 'selected' ? { choice: targetText(view.choice) } : {}),
    ...(verdict.target === undefined || edits.length === 0
      ? {}
      : { target: targetText(verdict.target) }),
    ...(verdict.lock === undefined ? {} : { lock: verdict.lock }),
    ...(verdict.hold === undefined ? {} : { hold: verdict.hold }),
    ...(verdict.finding === undefined ? {} : { finding: verdict.finding }),
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
    case 'blocked':
      return { reason: choice.reason, message: choice.message };
    case 'selected':
      return gate(slot, view, choice);
  }
}

/** The gates between a choice and the field: an outdated digest beside it, and downgrades. */
function gate(slot: ImageSlot, view: PolicyView, choice: Selected): Verdict {
  const pinned = pinnedByDigest(slot, view, choice);
  if (pinned !== undefined) return pinned;
  const held = heldBy(slot);
  const message = stepText(held, choice);
  if (held.tag === choice.tag) {
    const keepsDigest = held.digest !== undefined && !followsDigest(view.policy);
    return { reason: 'NewTag', message, target: keepsDigest ? held : choice };
  }
  const isWaiting = waitingOf(view.passedOver).find(({ tag }) => tag === held.tag);
  if (isWaiting !== undefined) {
    const { reason, message: until } = isWaiting.verdict;
    const stays = `holds ${held.tag}, which ${until}; it stays there, and nothing goes back meanwhile`;
    return { reason, message: stays };
  }
  const age = held.tag === undefined ? undefined : view.selector.compare(held.tag, choice.tag);
  if (age !== undefined && age > 0 && !view.policy.spec.allowDowngrade) {
    return {
      reason: 'Downgrade',
      message: `holds ${held.tag}, which is newer than ${choice.tag}; set allowDowngrade or a lock to go back`,
    };
  }
  return { reason: 'NewTag', message, target: choice };
}

function stepText(held: Target, choice: Selected): string {
  const drops = held.digest !== undefined && choice.digest === undefined;
  const note = drops ? '; the digest goes, because digestReflectionPolicy is Never' : '';
  return `${targetText(held) || 'no tag'} -> ${targetText(choice)}${note}`;
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
      // a field marked `:tag` holds the tag alone, as in Flux, unless a digest is in it already or
      // was verified: a tag alone may be another image by the time it is pulled.
      if (target.tag === undefined) return field.value;
      return takesDigest(field, view) ? targetText(target) : target.tag;
    case 'reference':
      return formatImageReference({ ...target, name: nameToWrite(field.current.name, view) });
  }
}

function takesDigest(field: ImageField, { policy }: PolicyView): boolean {
  if (field.separateDigest) return false;
  const isVerified = policy.spec.verify !== undefined;
  return field.marker === undefined || field.current.digest !== undefined || isVerified;
}

function upToDateText(current: string | undefined): string {
  return current === undefined
    ? 'is what the policy writes already'
    : `holds ${current}, the newest that the policy allows`;
}
