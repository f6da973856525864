import type { Finding } from '../errors.ts';
import type { Lock } from '../manifest/image-field.ts';
import type { Hold } from './hold.ts';
import type { ImageSlot } from './image-slot.ts';
import type { PolicyView } from './policy-view.ts';
import { heldBy, type Target } from './target.ts';

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
  'MinimumAge',
  'Soaking',
  'NotPromoted',
  'PromotionInvalid',
  'Unconfirmed',
  'VerificationFailed',
  'ScanFailed',
  'Suspended',
  'WindowClosed',
  'Batching',
  'Held',
] as const;

export type Reason = (typeof REASONS)[number];

/** What one step of a decision says of a slot. */
export interface Verdict {
  readonly reason: Reason;
  readonly message: string;
  readonly target?: Target;
  readonly lock?: Lock;
  readonly hold?: Hold;
  readonly finding?: Finding;
}

/** A digest in a field of its own would win over a new tag: both move together, or neither. */
export function pinnedByDigest(
  slot: ImageSlot,
  view: PolicyView,
  target: Target,
): Verdict | undefined {
  const isBeside = slot.fields.some((field) => field.separateDigest);
  const isOurs = slot.fields.some((field) => field.part === 'digest');
  if (view.policy.spec.verify !== undefined && isBeside && !isOurs) {
    return stuckToDigest(
      slot,
      'put a marker with :digest on it, so that what is verified is written',
    );
  }
  const held = heldBy(slot);
  const stale = held.digest !== undefined && target.digest === undefined;
  if (!(isBeside || isOurs) || !stale || target.tag === held.tag) return undefined;
  return stuckToDigest(slot, 'set digestReflectionPolicy so that both move together, or remove it');
}

function stuckToDigest(slot: ImageSlot, mend: string): Verdict {
  const message = `the image is pinned by a digest beside its tag; ${mend}`;
  return {
    reason: 'PinnedByDigest',
    message,
    finding: { severity: 'warning', code: 'field/unsupported', message, at: slot.fields[0].at },
  };
}
