import { earliest } from '../schedule.ts';

/** A tag, with its digest where it was asked for. */
export interface ImageVersion {
  readonly tag: string;
  readonly digest?: string;
}

/** A candidate that may be chosen later, and when. */
export interface Waiting {
  readonly kind: 'waiting';
  /** One line for a person. */
  readonly message: string;
  /** What the clock runs for, where it was asked for: the same tag with another digest starts it anew. */
  readonly digest?: string;
  readonly firstSeen: Date;
  readonly eligibleAt: Date;
  /** What stays the choice until then, where the candidate is a new push of the tag that is chosen already. */
  readonly meanwhile?: ImageVersion;
}

/**
 * What a gate says of a candidate: `open` lets it pass; `closed` and `waiting` pass it over, and the
 * next older candidate is asked.
 */
export type GateVerdict =
  { readonly kind: 'open' } | { readonly kind: 'closed'; readonly message: string } | Waiting;

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

/** The earliest moment at which a candidate stops waiting: a look is due again then. */
export function nextEligible(passedOver: readonly PassedOver[]): Date | undefined {
  return earliest(...waitingOf(passedOver).map(({ verdict }) => verdict.eligibleAt));
}
