import type { ChangeGroup } from '../../domain/plan/change-groups.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import type { FileSource } from '../../ports/files.ts';
import type { FileWrite } from '../../ports/ports.ts';
import { messageOf } from './commit-author.ts';
import { editFiles, writesOf } from './edit-files.ts';
import type { PlannedPass } from './update-pass.ts';

/** A commit to be made. */
export interface CommitDraft {
  readonly writes: readonly FileWrite[];
  readonly message: string;
  /** What it moves; nothing where it is no update. */
  readonly changes: readonly Change[];
}

/** A commit that was made. */
export interface MadeCommit {
  readonly id: string;
  readonly subject: string;
  /** Branch, or other ref by its full name, that it was pushed to first; absent in a work tree. */
  readonly branch?: string;
  /** All refs that it was pushed to, by their full names; none in a work tree. */
  readonly refs: readonly string[];
  readonly changes: readonly Change[];
}

/** What drafts are made of. */
export interface DraftedPass extends Pick<PlannedPass, 'style' | 'author' | 'signOff'> {
  readonly groups: readonly ChangeGroup[];
  /** What all of them come to, where that is known already. */
  readonly edits?: PlannedPass['edits'];
  /** Trailers of a group's commit besides those that every update has. */
  readonly trailersOf?: (group: ChangeGroup) => readonly string[];
}

/** A draft for each group of a pass, each on top of the one before it. */
export async function draftCommits(
  source: FileSource,
  pass: DraftedPass,
  signal: AbortSignal,
): Promise<readonly CommitDraft[]> {
  const [only] = pass.groups;
  if (only !== undefined && pass.groups.length === 1 && pass.edits !== undefined) {
    return [draftOf(only, pass, writesOf(pass.edits))];
  }
  const drafts: CommitDraft[] = [];
  const made: Decision[] = [];
  for (const group of pass.groups) {
    made.push(...group.decisions);
    // A file that an earlier group edits, too, holds what both wrote.
    const paths = pathsOf(group);
    const decisions = made.filter((decision) => paths.has(pathOf(decision)));
    const { edits } = await editFiles(source, decisions, signal);
    drafts.push(draftOf(group, pass, writesOf(edits)));
  }
  return drafts;
}

/** The commit that a draft became. */
export function madeCommit(id: string, { message, changes }: CommitDraft): MadeCommit {
  return { id, subject: subjectOf(message), refs: [], changes };
}

/** Was a commit pushed to a branch, by whatever name? */
export function isOnBranch({ refs }: Pick<MadeCommit, 'refs'>, branch: string): boolean {
  return refs.includes(`refs/heads/${branch}`);
}

/** The first line of a message. */
export function subjectOf(message: string): string {
  return message.slice(0, message.indexOf('\n'));
}

function draftOf(
  group: ChangeGroup,
  { style, author, signOff, trailersOf }: DraftedPass,
  writes: readonly FileWrite[],
): CommitDraft {
  const { changes } = group;
  const message = messageOf({
    changes,
    style,
    author,
    signOff,
    trailers: trailersOf?.(group) ?? [],
  });
  return { writes, message, changes };
}

function pathsOf({ decisions }: ChangeGroup): ReadonlySet<string> {
  return new Set(decisions.map(pathOf));
}

function pathOf({ slot }: Decision): string {
  return slot.fields[0].at.path;
}
