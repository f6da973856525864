/**
 * Pull requests at a forge, as interfaces; see `ports.ts`.
 */
import type { ClientCertificate } from '../domain/access.ts';
import type { Proxy } from '../domain/proxy.ts';

/** Forges whose pull requests can be handled; `gitea` is Forgejo too, `bitbucket` the cloud. */
export type ForgeKind = 'github' | 'gitlab' | 'gitea' | 'bitbucket' | 'azuredevops';

/** How to reach the API of the forge that hosts a repo. */
export interface ForgeAccess {
  readonly kind: ForgeKind;
  /** Address of the repo, as Git is given it. */
  readonly repoUrl: string;
  /** Base of the API, where it is not where that forge usually has it. */
  readonly apiUrl?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Shown to the API. */
  readonly clientCertificate?: ClientCertificate;
  /** The way to the API; absent: what the environment says. */
  readonly proxy?: Proxy;
}

/** A pull request (merge request) within one repo. */
export interface PullRequest {
  /** Its number in the repo, as people write it. */
  readonly number: number;
  /** For people's browsers. */
  readonly url: string;
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  /** `closed`: ended without being merged. */
  readonly state: 'open' | 'merged' | 'closed';
  /** Who closed it without merging, where the forge says so. */
  readonly closedBy?: string;
  /** When that was, where the forge says so. */
  readonly closedAt?: Date;
}

/** Which pull requests. */
export interface PullRequestQuery {
  /** Branch that they are to be merged into. */
  readonly base: string;
  /** Branch that they come from; absent: any of this repo. */
  readonly branch?: string;
  /** `ended`: merged or closed. */
  readonly state: 'open' | 'ended';
}

/** What a pull request says. */
export interface PullRequestText {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

/** A pull request to be opened. */
export interface NewPullRequest extends PullRequestText {
  /** Branch that it comes from. */
  readonly branch: string;
  /** Branch that it is to be merged into. */
  readonly base: string;
}

/** What may stand beside a pull request. */
export interface PullRequestExtras {
  readonly labels: readonly string[];
  /** Names that the forge knows people by; `team:NAME` for a team, where it has teams. */
  readonly reviewers: readonly string[];
  /** Merge when everything that the forge demands is there. */
  readonly autoMerge: boolean;
}

/** Pull requests of one repo at a forge. */
export interface Forge {
  /** Newest first; at most `MAX_LISTED`, and none from forks. */
  list(query: PullRequestQuery, signal: AbortSignal): Promise<readonly PullRequest[]>;
  /** @throws AppError `forge/rejected` when there is such a pull request already, or nothing to merge */
  create(request: NewPullRequest, signal: AbortSignal): Promise<PullRequest>;
  edit(number: number, text: PullRequestText, signal: AbortSignal): Promise<void>;
  /** Closes without merging, after a comment that says why. */
  close(number: number, comment: string, signal: AbortSignal): Promise<void>;
  /**
   * Sets what is not set yet. What the forge refuses stands in no one's way: it is told.
   * @returns one line for each thing that could not be had
   */
  decorate(
    number: number,
    extras: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

/** A commit that a forge is to make. Author, committer and time are the forge's to say. */
export interface CommitToMake {
  /** Id of the tree that it is to have. */
  readonly tree: string;
  readonly parent: string;
  /** Id of the parent's tree, which the forge has. */
  readonly parentTree: string;
  /** What the tree has otherwise than the parent's. */
  readonly files: readonly ChangedFile[];
  readonly message: string;
}

/** A file with its new content. */
export interface ChangedFile {
  readonly path: string;
  /** As trees have it: six octal digits. */
  readonly mode: string;
  readonly bytes: Uint8Array;
}

/** A commit as the forge has it. */
export interface ForgeCommit {
  readonly id: string;
  /** Content of the commit object, with the forge's signature. */
  readonly content: Uint8Array;
}

/** Commits of one repo that its forge makes, and signs in its own name. */
export interface ForgeCommits {
  /**
   * Makes a commit that no branch leads to yet.
   * @throws AppError `git/unauthorized`, `git/rejected` where the forge makes or signs it not, or otherwise than it is
   * to be, `git/not-found`, `git/unreachable`, `git/unsupported`; what is left at the forge then is on no branch
   */
  make(commit: CommitToMake, signal: AbortSignal): Promise<ForgeCommit>;
}
