import type { Lock } from '../manifest/image-field.ts';
import type { ImageSlot } from './image-slot.ts';
import { reflectsDigest, type PolicyView } from './policy-view.ts';
import { pinnedByDigest, type Verdict } from './slot-verdict.ts';
import { heldBy, targetOf, targetText, type Target } from './target.ts';

/** What the lock in effect on a slot says. */
export function decideByLock(slot: ImageSlot, view: PolicyView, lock: Lock): Verdict {
  const held = heldBy(slot).tag;
  const tag = lock.tag ?? held;
  const message = lockText(lock, tag);
  const stay: Verdict = { reason: 'Locked', message, lock };
  if (lock.tag === undefined && lock.digest === undefined) return stay;
  if (lock.tag !== undefined) {
    const exists = view.hasTag(lock.tag);
    if (exists === false) return lockedTagMissing(slot, view, lock);
    // A locked tag that stands there already keeps the digest it has: a lock means that nothing moves.
    if (lock.tag === held && lock.digest === undefined) return stay;
    if (lock.tag !== held && exists === undefined) return lockUnverified(lock, message);
    const refusal = lockRefusal(view, lock);
    if (refusal !== undefined) return lockRefused(slot, lock, `${message}, but ${refusal}`);
  }
  const target = lockTarget(view, lock, tag);
  const pinned = pinnedByDigest(slot, view, target);
  return pinned === undefined ? { ...stay, target } : { ...pinned, lock };
}

/**
 * Why the tag of a lock may not be written. A digest that a person named is their word on the very
 * content; a tag is not.
 */
export function lockRefusal(
  view: PolicyView,
  { tag, digest }: Pick<Lock, 'tag' | 'digest'>,
): string | undefined {
  return tag === undefined || digest !== undefined ? undefined : view.refusalOf(tag);
}

function lockTarget(view: PolicyView, lock: Lock, tag: string | undefined): Target {
  const reflected =
    tag !== undefined && reflectsDigest(view.policy) ? view.digestOf(tag) : undefined;
  return targetOf(tag, lock.digest ?? reflected);
}

function lockUnverified(lock: Lock, message: string): Verdict {
  const doubt = 'but the registry could not be asked whether the tag exists';
  return { reason: 'LockUnverified', message: `${message}, ${doubt}`, lock };
}

function lockRefused(slot: ImageSlot, lock: Lock, refusal: string): Verdict {
  const message = `${refusal}; the field stays as it is`;
  const finding = {
    severity: 'error',
    code: 'lock/unsigned',
    message,
    at: slot.fields[0].at,
  } as const;
  return { reason: 'VerificationFailed', message, lock, finding };
}

function lockedTagMissing(slot: ImageSlot, view: PolicyView, lock: Lock): Verdict {
  const { image } = view.policy.spec;
  const message = `${lockText(lock, lock.tag)}, but ${image} has no such tag; the field stays as it is`;
  return {
    reason: 'LockedTagMissing',
    message,
    lock,
    finding: {
      // What is locked stands there already: nothing is left to be done but to know of it.
      severity: lock.tag === heldBy(slot).tag ? 'warning' : 'error',
      code: 'lock/tag-missing',
      message,
      at: slot.fields[0].at,
    },
  };
}

/** Such as `locked at 6.1.0 by ana until 2026-12-24T18:00:00Z (a reason)`. */
export function lockText(lock: Lock, tag: string | undefined): string {
  const at = targetText(targetOf(tag, lock.digest));
  return [
    `locked${at === '' ? '' : ` at ${at}`}`,
    lock.by === undefined ? '' : `by ${lock.by}`,
    lock.until === undefined ? '' : `until ${lock.until}`,
    lock.reason === undefined ? '' : `(${lock.reason})`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}
