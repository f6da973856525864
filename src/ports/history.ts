import type { FileSource } from './files.ts';

/** Author and committer. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** A commit as history shows it. */
export interface LoggedCommit {
  readonly id: string;
  /** The first is what the branch was at before. */
  readonly parents: readonly string[];
  /** It has parents that are not at hand, as the last commit of a shallow clone; `parents` has none of them. */
  readonly isCutOff?: true;
  readonly author: Person;
  readonly committer: Person;
  /** When it was committed. */
  readonly time: Date;
  readonly message: string;
}

/** A file or symbolic link that differs between two commits. */
export interface FileChange {
  readonly path: string;
  /** Blob id; undefined: it was not there. */
  readonly before: string | undefined;
  /** Blob id; undefined: it is there no more. */
  readonly after: string | undefined;
}

/** What commits held, and who made them. */
export interface History {
  /**
   * A commit and those before it, through all parents, the newest first, until `maxCommits` were given
   * out or history ends. History is fetched piece by piece, as far as it is asked for.
   */
  log(from: string, maxCommits: number, signal: AbortSignal): AsyncIterable<LoggedCommit>;
  /** What differs between two commits, in path order; submodules are left out. */
  changes(
    commits: { readonly before: string; readonly after: string },
    signal: AbortSignal,
  ): Promise<readonly FileChange[]>;
  /** Contents by blob id. */
  files(commit: string): Pick<FileSource, 'read'>;
}

/** A Git work tree's history. Paths are below the folder that was opened, as those of its files. */
export interface CheckoutHistory extends History {
  /** The commit that is checked out. */
  readonly head: string;
  /** Those of these files that are not as that commit has them, with the blob that it has; undefined: none. */
  uncommitted(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Omit<FileChange, 'after'>[]>;
}
