import { earliest } from '../schedule.ts';

/** A tag, with its digest where it was asked for. */
export interface ImageVersion {
  readonly tag: string;
  readonly digest?: string;
}

/** Why candidates that would be allowed are held back. */
export type HoldReason = 'MinimumAge' | 'Soaking' | 'NotPromoted';

/** A candidate that may be chosen later, and when. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly reason: HoldReason;
  /** One line for a person. */
  readonly message: string;
  /** What the clock runs for, where it was asked for: the same tag with another digest starts it anew. */
  readonly digest?: string;
  readonly firstSeen: Date;
  readonly eligibleAt: Date;
  /** What stays the choice until then, where the candidate is a new push of the tag that is chosen already. */
  readonly meanwhile?: ImageVersion;
}

/** A candidate that may be chosen. */
export interface Open {
  readonly kind: 'open';
  /** Where it may only be this very image, whatever its tag means by now. */
  readonly digest?: string;
  /** Where another push of its tag may be chosen later. */
  readonly later?: Waiting;
}

/** A candidate that may not be chosen as it is. */
export interface Closed {
  readonly kind: 'closed';
  /** One line for a person. */
  readonly message: string;
  /** Where it would be allowed, and something besides its image would have to change. */
  readonly reason?: HoldReason;
}

/**
 * What a gate says of a candidate: `open` lets it pass; `closed` and `waiting` pass it over, and the
 * next older candidate is asked.
 */
export type GateVerdict = Open | Closed | Waiting;

/** A candidate that no gate let through, and why. */
export interface PassedOver {
  readonly tag: string;
  readonly verdict: Exclude<GateVerdict, { kind: 'open' }>;
}

/** The candidates that wait, newest first. */
export function waitingOf(
  passedOver: readonly PassedOver[],
): readonly { readonly tag: string; readonly verdict: Waiting }[] {
  return passedOver.flatMap(({ tag, verdict }) =>
    verdict.kind === 'waiting' ? [{ tag, verdict }] : [],
  );
}

/** A candidate that is held back though the rules allow it. */
export interface HeldBack {
  readonly tag: string;
  readonly verdict: Waiting | (Closed & { readonly reason: HoldReason });
}

/** The candidates of which nobody knows when they will be let through, newest first. */
export function heldBackOf(passedOver: readonly PassedOver[]): readonly HeldBack[] {
  return passedOver.flatMap(({ tag, verdict }) =>
    verdict.kind === 'closed' && verdict.reason !== undefined
      ? [{ tag, verdict: { ...verdict, reason: verdict.reason } }]
      : [],
  );
}

/** The earliest moment at which a candidate stops waiting: a look is due again then. */
export function nextEligible(passedOver: readonly PassedOver[]): Date | undefined {
  return earliest(...waitingOf(passedOver).map(({ verdict }) => verdict.eligibleAt));
}
