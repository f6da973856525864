import type { ImageUpdateAutomationSpec } from '../../api/image-update-automation.ts';

/** What a person's revert means. */
export type OnRevert = NonNullable<ImageUpdateAutomationSpec['onRevert']>;

/** Why a field is held: somebody moved it away from what we wrote, or closed the pull request that proposed it. */
export interface Hold {
  /** What we wrote or proposed: tag, tag@digest or digest. */
  readonly rejected: string;
  /** Author of the commit that moved it, or who closed the pull request, where that is known. */
  readonly by?: string;
  /** When, in RFC 3339, where that is known. */
  readonly time?: string;
  readonly commit?: string;
  /** Address of the pull request that was closed without being merged. */
  readonly pullRequest?: string;
}

/** Orders two tags: positive when the first is newer, undefined where nothing is known of that. */
export type CompareTags = (a: string, b: string) => number | undefined;

/**
 * Was a field moved away from what we wrote? To move it forward is no refusal of what was written: the person
 * was only quicker.
 */
export function isMovedAway(
  written: string,
  now: string | undefined,
  compare: CompareTags,
): boolean {
  if (now === undefined) return true;
  if (isSameTarget(now, written)) return false;
  const age = compare(tagOf(now), tagOf(written));
  return age === undefined || age <= 0;
}

/** Must a choice stay out of a field that is held? */
export function refuses(
  { rejected }: Hold,
  choice: string,
  { mode, compare }: { readonly mode: OnRevert; readonly compare: CompareTags },
): boolean {
  if (mode !== 'SkipTag') return mode === 'Hold';
  if (tagOf(choice) === tagOf(rejected)) return isSameTarget(choice, rejected);
  const age = compare(tagOf(choice), tagOf(rejected));
  return age !== undefined && age <= 0;
}

/** One line for a person: who, when in history, and what would lift it. */
export function holdText(hold: Hold, now: string | undefined, mode: OnRevert): string {
  const who = hold.by ?? 'somebody';
  const held = `held at ${now ?? 'no tag'}`;
  if (hold.pullRequest !== undefined) {
    const until = mode === 'Hold' ? '' : `there is a tag newer than ${tagOf(hold.rejected)}, or `;
    return `${held}: ${who} closed the pull request for ${hold.rejected} without merging it (${hold.pullRequest}); until ${until}it is reopened or released`;
  }
  const where = hold.commit === undefined ? '' : ` in ${hold.commit.slice(0, 12)}`;
  const until =
    mode === 'Hold'
      ? 'until it is released'
      : `until there is a tag newer than ${tagOf(hold.rejected)}`;
  return `${held}: ${who} moved it away from ${hold.rejected}${where}; ${until}`;
}

/** Do both name the same image? A digest that only one of them has does not tell them apart. */
export function isSameTarget(a: string, b: string): boolean {
  return a === b || (tagOf(a) === tagOf(b) && (digestOf(a) === '' || digestOf(b) === ''));
}

function tagOf(target: string): string {
  const at = target.indexOf('@');
  return at === -1 ? target : target.slice(0, at);
}

function digestOf(target: string): string {
  const at = target.indexOf('@');
  return at === -1 ? '' : target.slice(at + 1);
}
