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

/** Names of groups may come from paths, which may hold anything: a line break must not begin a trailer. */
export function groupMark(automation: string, group: string): GroupMark {
  return { automation, group: group.replaceAll(/\p{Cc}+/gu, ' ') };
}

/** All fields of a policy in one file. */
export interface ReleasedPlace {
  readonly policy: string;
  readonly path: string;
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
  const [group, ...others] = lines.flatMap((line) => {
    const found = /^Lockkeeper-Group: (\S+) (.+)$/.exec(line);
    return found === null ? [] : [{ automation: found[1] ?? '', group: found[2] ?? '' }];
  });
  return {
    ...(group === undefined || others.length > 0 ? {} : { group }),
    steps: lines.flatMap((line) => {
      const found = /^Image-(?:Update|Lock): (\S+) \S+ -> (\S+)$/.exec(line);
      return found === null ? [] : [{ policy: found[1] ?? '', to: found[2] ?? '' }];
    }),
    releases: lines.flatMap((line) => {
      const found = /^Image-Release: (\S+) (.+)$/.exec(line);
      return found === null ? [] : [{ policy: found[1] ?? '', path: found[2] ?? '' }];
    }),
  };
}
