import { oneLine } from './foreign-text.ts';

/** One step of a policy, as the trailer of one of our commits tells it. */
export interface RecordedStep {
  /** `namespace/name` of the policy. */
  readonly policy: string;
  /** Tag, tag@digest or digest that was written. */
  readonly to: string;
}

/** What a commit says of itself in our trailers. */
export interface CommitRecord {
  /** What it moved, by a policy's choice or by a lock. */
  readonly steps: readonly RecordedStep[];
  /** Places whose holds it lifts. */
  readonly releases: readonly ReleasedPlace[];
  /** Whose it is, where it stands on a branch of ours; a message that names several is no commit's own. */
  readonly group?: GroupMark;
}

/** The group of changes that a commit on a branch of ours belongs to. */
export interface GroupMark {
  /** `namespace/name` of the automation. */
  readonly automation: string;
  /** Name of the group, as `ChangeGroup` has it, on one line. */
  readonly group: string;
}

/** The trailer that says whose a commit on a branch of ours is. */
export function groupTrailer({ automation, group }: GroupMark): string {
  return `Lockkeeper-Group: ${automation} ${group}`;
}

/** Names of groups may come from paths, which may hold anything: a line break must not begin a trailer. */
export function groupMark(automation: string, group: string): GroupMark {
  return { automation, group: oneLine(group) };
}

/** What holds are lifted of: of all fields of a policy in one file, or of a policy in one pull request. */
export interface ReleasedPlace {
  readonly policy: string;
  /** Path of the file, or address of the pull request that was closed. */
  readonly place: string;
}

/** Our trailers, which no other text of a message may look like. */
export const OWN_TRAILER: RegExp =
  /^(Image-(Update|Lock|Unlock|Release)|(Lock|Release)-By|Lock-Until|Lockkeeper-Group)\s*:/i;

/**
 * Reads our trailers out of a commit message. They count wherever they begin a line: a forge that squashes
 * commits puts their messages one below the other. Whether a step was really made is for the files to say.
 */
export function readRecord(message: string): CommitRecord {
  const lines = message.split('\n');
  const [group, ...others] = pairsIn(
    lines,
    /^Lockkeeper-Group: (\S+) (.+)$/,
    (automation, name) => ({ automation, group: name }),
  );
  return {
    ...(group === undefined || others.length > 0 ? {} : { group }),
    steps: pairsIn(lines, /^Image-(?:Update|Lock): (\S+) \S+ -> (\S+)$/, (policy, to) => ({
      policy,
      to,
    })),
    releases: pairsIn(lines, /^Image-Release: (\S+) (.+)$/, (policy, place) => ({
      policy,
      place,
    })),
  };
}

/** What is made of the two groups of a pattern, for each line that matches it. */
function pairsIn<T>(
  lines: readonly string[],
  pattern: RegExp,
  make: (first: string, second: string) => T,
): readonly T[] {
  return lines.flatMap((line) => {
    const [whole, first = '', second = ''] = pattern.exec(line) ?? [];
    return whole === undefined ? [] : [make(first, second)];
  });
}
