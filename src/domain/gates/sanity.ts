import type { PolicyMemory } from './policy-memory.ts';
import { toSeconds } from '../../api/conditions.ts';

/** What a scan gave, as far as the next one is held against it. */
export interface ScanResult {
  readonly tagCount: number;
  /** The tag that was chosen. */
  readonly chosen?: string;
}

/** A scan, as it is held against the one before. */
export interface JudgedScan extends ScanResult {
  readonly hasTag: (tag: string) => boolean;
  /** The policy's order, as of `TagSelector`. */
  readonly compare: (a: string, b: string) => number | undefined;
  /** Is a tag held back for what is so elsewhere, and for nothing that the scan found? */
  readonly isExplained?: (tag: string) => boolean;
}

/** A shorter list may halve at any time: somebody cleaned up. */
const MIN_TAGS = 10;

/**
 * Why a scan is not believed at first: registries have answered with short lists, and users found
 * themselves on versions of two months ago. Undefined: there is no reason for doubt.
 */
export function doubtAbout(before: ScanResult, now: JudgedScan): string | undefined {
  if (before.tagCount >= MIN_TAGS && now.tagCount < before.tagCount / 2) {
    return `the list of tags fell from ${before.tagCount} to ${now.tagCount}`;
  }
  const { chosen } = before;
  if (chosen === undefined || chosen === now.chosen) return undefined;
  if (now.isExplained?.(chosen) === true) return undefined;
  const gone = now.hasTag(chosen) ? '' : ', which is not in the list any more';
  if (now.chosen === undefined) return `no tag is allowed; before, it was ${chosen}${gone}`;
  const order = now.compare(chosen, now.chosen);
  const isOlder = order === undefined ? gone !== '' : order > 0;
  return isOlder ? `${now.chosen} would be chosen and is older than ${chosen}${gone}` : undefined;
}

/** A scan that is doubted is made again after this long; from then on a scan may confirm it. */
const CONFIRM_AFTER_MS = 30_000;

/** A scan that is not acted upon yet. */
export interface Suspicion {
  readonly doubt: NonNullable<PolicyMemory['doubt']>;
  /** One line for a person. */
  readonly message: string;
  /** When the scan is to be repeated. */
  readonly confirmAt: Date;
}

/**
 * Holds a scan against the last one that was acted upon. One that is doubted is believed as soon as a
 * further scan, some time later, finds nothing wrong with it.
 * @param after the memory as it would be if the scan were believed
 * @returns undefined where it is to be acted upon
 */
export function suspicionOf(
  before: PolicyMemory,
  after: PolicyMemory,
  scan: Pick<JudgedScan, 'hasTag' | 'compare' | 'isExplained'> & { readonly at: Date },
): Suspicion | undefined {
  const [former, found] = [resultOf(before), resultOf(after)];
  if (before.hasOtherRules === true || former === undefined || found === undefined)
    return undefined;
  const judged = { ...scan, ...found };
  const reason = doubtAbout(former, judged);
  if (reason === undefined || isConfirmed(before, judged, scan.at)) return undefined;
  const isYoung = before.doubt !== undefined && confirmation(before.doubt) > scan.at;
  const doubt = isYoung ? before.doubt : doubtOf(after, scan.at);
  if (doubt === undefined) return undefined;
  const confirmAt = confirmation(doubt);
  const message = `${reason}; nothing is changed until a scan after ${toSeconds(confirmAt)} confirms it`;
  return { doubt, message, confirmAt };
}

/** Has a doubt been there for long enough, and does a further scan agree with the one that was doubted? */
function isConfirmed({ doubt }: PolicyMemory, now: JudgedScan, at: Date): boolean {
  if (doubt === undefined || confirmation(doubt) > at) return false;
  const doubted = resultOf(doubt);
  return doubted !== undefined && doubtAbout(doubted, now) === undefined;
}

function doubtOf({ chosen, list }: PolicyMemory, at: Date): PolicyMemory['doubt'] {
  if (list === undefined) return undefined;
  return { ...(chosen === undefined ? {} : { chosen }), list: { ...list, since: at } };
}

function resultOf({ chosen, list }: Pick<PolicyMemory, 'chosen' | 'list'>): ScanResult | undefined {
  if (list === undefined) return undefined;
  return { tagCount: list.tagCount, ...(chosen === undefined ? {} : { chosen: chosen.tag }) };
}

function confirmation({ list }: NonNullable<PolicyMemory['doubt']>): Date {
  return new Date(list.since.getTime() + CONFIRM_AFTER_MS);
}
