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
 * elsewhere, becomes its committer; ours are committed by their author, or by GitHub for the bot of an App.
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
    (isSame(author, committer) || isMadeByGitHub(author, committer))
  );
}

function isSame(one: Maker, other: Maker): boolean {
  return one.name === other.name && one.email === other.email;
}

/**
 * A commit that GitHub made and signed for an App: of the App's bot, committed by GitHub itself, `noreply@` its host.
 * That is the committer of what people do in the browser, too; but then they are the authors, and no person's
 * address there is that of a bot: brackets cannot stand in a person's login. Which App it is does not matter: with
 * our trailer only ours makes commits.
 */
function isMadeByGitHub(author: Maker, committer: Maker): boolean {
  const [, login] = /^[0-9]+\+([^@]+\[bot\])@users\.noreply\./.exec(author.email) ?? [];
  return login !== undefined && author.name === login && committer.email.startsWith('noreply@');
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
