import type { ChangeGroup } from '../../domain/plan/change-groups.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import type { Change } from '../../domain/plan/update-plan.ts';
import type { FileSource, FileWrite } from '../../ports/ports.ts';
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
  readonly changes: readonly Change[];
}

/** How the commits of a pass are worded. */
type Drafted = Pick<PlannedPass, 'style' | 'author' | 'signOff'>;

/** A draft for each group of a pass, each on top of the one before it. */
export async function draftCommits(
  source: FileSource,
  pass: Drafted & Pick<PlannedPass, 'groups' | 'edits'>,
  signal: AbortSignal,
): Promise<readonly CommitDraft[]> {
  const { groups, edits } = pass;
  const [only] = groups;
  if (only !== undefined && groups.length === 1) return [draftOf(only, pass, writesOf(edits))];
  const drafts: CommitDraft[] = [];
  const made: Decision[] = [];
  for (const group of groups) {
    made.push(...group.decisions);
    // A file that an earlier group edits, too, holds what both wrote.
    const paths = pathsOf(group);
    const decisions = made.filter((decision) => paths.has(pathOf(decision)));
    const edited = await editFiles(source, decisions, signal);
    drafts.push(draftOf(group, pass, writesOf(edited.edits)));
  }
  return drafts;
}

/** The commit that a draft became. */
export function madeCommit(id: string, { message, changes }: CommitDraft): MadeCommit {
  return { id, subject: message.slice(0, message.indexOf('\n')), changes };
}

function draftOf(
  { changes }: ChangeGroup,
  wording: Drafted,
  writes: readonly FileWrite[],
): CommitDraft {
  return { writes, message: messageOf({ ...wording, changes }), changes };
}

function pathsOf({ decisions }: ChangeGroup): ReadonlySet<string> {
  return new Set(decisions.map(pathOf));
}

function pathOf({ slot }: Decision): string {
  return slot.fields[0].at.path;
}
