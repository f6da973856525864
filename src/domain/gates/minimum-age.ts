import { toSeconds } from '../../api/conditions.ts';
import type { GateVerdict, ImageVersion } from './gate-verdict.ts';

/** A tag with the digest that it had, and when this was first so. */
export interface Sighting {
  readonly tag: string;
  readonly digest: string;
  readonly firstSeen: Date;
}

/** What is known of a candidate's past. */
export interface KnownPast {
  /** The candidate as it was seen waiting before. */
  readonly sighting?: Sighting;
  /**
   * Since when its tag has been listed; undefined: it was there before anybody looked, and counts as
   * aged.
   */
  readonly listedSince: Date | undefined;
}

/** The rule of `spec.minimumAge`. */
export interface AgeRule {
  readonly minimumAgeMs: number;
  readonly now: Date;
}

/** What the age of a candidate is judged by, before its digest is asked for. */
export type TagAge =
  /** Known for long enough, and never watched: its digest does not matter. */
  | { readonly kind: 'aged' }
  /** Its digest has to be the one that the clock ran for. */
  | { readonly kind: 'due' }
  /** Too young whatever its digest is; the verdict is that for the digest known so far. */
  | { readonly kind: 'young'; readonly verdict: GateVerdict };

/** Judges a candidate by what costs nothing. */
export function judgeTagAge(past: KnownPast, rule: AgeRule): TagAge {
  const { sighting, listedSince } = past;
  const firstSeen = sighting?.firstSeen ?? listedSince;
  if (firstSeen === undefined) return { kind: 'aged' };
  if (!hasPassed(firstSeen, rule)) {
    return { kind: 'young', verdict: ageVerdict(firstSeen, sighting?.digest, rule) };
  }
  return sighting === undefined ? { kind: 'aged' } : { kind: 'due' };
}

/**
 * Judges a candidate by the first sight of its tag with this digest. The clock is this controller's own:
 * what an image says of its time could be forged by whoever pushed it.
 */
export function judgeAge(
  digest: string,
  { sighting, listedSince }: KnownPast,
  rule: AgeRule,
): GateVerdict {
  const firstSeen =
    sighting === undefined
      ? listedSince
      : sighting.digest === digest
        ? sighting.firstSeen
        : rule.now;
  return ageVerdict(firstSeen ?? rule.now, digest, rule);
}

/**
 * Judges the tag that is chosen already, as it is now: a new push of it waits like any other candidate,
 * and what was chosen stays the choice meanwhile.
 */
export function judgeNewPush(
  { chosen, digest }: { readonly chosen: ImageVersion; readonly digest: string },
  { sighting }: Pick<KnownPast, 'sighting'>,
  rule: AgeRule,
): GateVerdict {
  if (digest === chosen.digest) return { kind: 'open' };
  const past = { ...(sighting === undefined ? {} : { sighting }), listedSince: rule.now };
  const verdict = judgeAge(digest, past, rule);
  return verdict.kind === 'waiting' ? { ...verdict, meanwhile: chosen } : verdict;
}

function ageVerdict(since: Date, digest: string | undefined, rule: AgeRule): GateVerdict {
  // Whole seconds, which is what status keeps: after a restart the time is the same.
  const firstSeen = new Date(toSeconds(since));
  if (hasPassed(firstSeen, rule)) return { kind: 'open' };
  const eligibleAt = new Date(firstSeen.getTime() + rule.minimumAgeMs);
  const message = `waits for minimumAge until ${toSeconds(eligibleAt)}`;
  const known = digest === undefined ? {} : { digest };
  return { kind: 'waiting', reason: 'MinimumAge', message, ...known, firstSeen, eligibleAt };
}

function hasPassed(since: Date, { minimumAgeMs, now }: AgeRule): boolean {
  return since.getTime() + minimumAgeMs <= now.getTime();
}
