import { readRecord, type GroupMark } from '../commit-record.ts';

/** Who made a commit. */
interface Maker {
  readonly name: string;
  readonly email: string;
}

/** What tells whose a commit is. */
export interface BranchCommit {
  readonly parents: readonly string[];
  readonly author: Maker;
  readonly committer: Maker;
  readonly message: string;
}

/** The commits that a branch may consist of: those of one group, or of all groups of an automation. */
export interface BranchOwner extends Pick<GroupMark, 'automation'> {
  readonly group?: string;
}

/**
 * Was a commit made for a branch's owner, and is it still as it was made? Whoever amends it, or moves it to
 * elsewhere, becomes its committer; ours are committed by their author.
 */
export function isOwnCommit(
  { parents, author, committer, message }: BranchCommit,
  owner: BranchOwner,
): boolean {
  const { group } = readRecord(message);
  return (
    group !== undefined &&
    group.automation === owner.automation &&
    (owner.group === undefined || owner.group === group.group) &&
    parents.length === 1 &&
    author.name === committer.name &&
    author.email === committer.email
  );
}

/** Content of a file by its path; undefined: there is none, or it is too large to be ours. */
export type HeldFiles = ReadonlyMap<string, Uint8Array | undefined>;

/** Does a branch change the very files that are to be changed, to the very bytes? */
export function holdsWanted(held: HeldFiles, wanted: ReadonlyMap<string, Uint8Array>): boolean {
  if (held.size !== wanted.size) return false;
  return [...wanted].every(([path, bytes]) => {
    const other = held.get(path);
    return other?.length === bytes.length && bytes.every((byte, index) => other[index] === byte);
  });
}

/**
 * One line for a person: why a branch is left alone, and what to do.
 * @param commit the one that is not ours
 */
export function foreignText(
  branch: string,
  commit: BranchCommit & { readonly id: string },
): string {
  const { id, message, author } = commit;
  const { group } = readRecord(message);
  const by =
    group === undefined
      ? `${author.name} <${author.email}>`
      : `${author.name} <${author.email}> for ${group.automation}, ${group.group}`;
  return `the branch ${branch} is left alone: commit ${id.slice(0, 12)} by ${by} is not this automation’s own as it was made; merge, rename or delete the branch`;
}
