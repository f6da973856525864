/**
 * Every outside effect of the product, as interfaces; the larger ones have files beside this one.
 * Adapters implement them, `app` uses them, and only `compose` knows which adapter stands behind which port.
 *
 * All calls reject with `AppError`; all take an `AbortSignal` and stop soon after it fires.
 */
import type { CloudLogins } from './cloud.ts';
import type { ClientCertificate, Login, SshLogin } from '../domain/access.ts';
import type { GitProvider } from '../domain/git-provider.ts';
import type { Proxy } from '../domain/proxy.ts';
import type { SignatureVerifier } from './signature.ts';
import type { FileSource } from './files.ts';
import type { CheckoutHistory, History, Person } from './history.ts';
import type { Registry } from './registry.ts';
import type { CommitSigner, KeySigner, SigningKeys } from './signing.ts';
import type { Forge, ForgeAccess, ForgeCommits } from './forge.ts';
import type { GitLogins } from './git-login.ts';

/** New content of an existing file. Its mode stays. */
export interface FileWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What goes into a commit on top of `parent`. */
export interface CommitRequest {
  readonly parent: string;
  readonly files: readonly FileWrite[];
  readonly message: string;
  /** A forge that signs says itself whom and of when its commits are. */
  readonly author: Person;
  readonly time: Date;
  /** Who vouches for it; absent: nobody. */
  readonly signer?: CommitSigner | undefined;
}

/** What goes into a commit of a work tree, on top of what is checked out. */
export interface CheckoutCommit extends Omit<CommitRequest, 'parent' | 'signer'> {
  readonly signer?: KeySigner | undefined;
}

/** `rejected` when the branch is no longer where it should be: fetch, plan again, try again. */
export type PushResult =
  { readonly kind: 'pushed' } | { readonly kind: 'rejected'; readonly reason: string };

/** A commit to be pushed: made by {@link GitBranch.commit} on a parent that the remote has. */
export interface PushRequest {
  readonly commit: string;
  readonly parent: string;
  /** Default: the branch that is read, if it is still at `parent`. */
  readonly target?: PushTarget;
  /** What the server is told beside the push (`git push -o`), as `key` or `key=value`. */
  readonly options?: readonly string[];
}

/** Where a commit goes if not to the branch that is read. */
export type PushTarget =
  | {
      readonly branch: string;
      /** The commit that the branch must be at; undefined: there must be no such branch yet. */
      readonly expected: string | undefined;
      /** The branch is ours alone, so that what it holds may be replaced by what is not made on it. */
      readonly replace?: boolean;
    }
  /** A full ref name, such as `refs/for/main` of Gerrit; it is made, or moved forward. */
  | { readonly ref: string };

/** One branch of a remote Git repo, behind a local object store that is kept between runs. */
export interface GitBranch extends History {
  /** For people: the URL without credentials, and the branch. */
  readonly description: string;
  /** Of the branch itself. */
  readonly name: string;
  /**
   * The branch's commit at the remote: one ref listing and no object transfer.
   * @throws AppError `git/not-found` when there is no such repo or branch
   */
  head(signal: AbortSignal): Promise<string>;
  /** Commits of any branches of the remote by name, in one ref listing; one that is not there is left out. */
  branchHeads(
    branches: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>>;
  /** The files of a commit; objects that the store lacks are fetched. */
  files(commit: string): FileSource;
  /**
   * Writes blobs, trees and the commit into the store. @returns the commit id
   * @throws AppError those of {@link ForgeCommits} where a forge signs
   */
  commit(request: CommitRequest, signal: AbortSignal): Promise<string>;
  /**
   * Moves a branch of the remote from one commit to another, or not at all (compare and swap).
   * @throws AppError `git/rejected` when the server refuses for good, `git/protected` when it does so by rules of the
   * branch, `git/unsupported` when it takes no push options
   */
  push(request: PushRequest, signal: AbortSignal): Promise<PushResult>;
  /** Deletes a branch of the remote if it is still at `expected`. */
  deleteBranch(
    branch: { readonly name: string; readonly expected: string },
    signal: AbortSignal,
  ): Promise<PushResult>;
  /** Ends helper processes; the store stays on disk. */
  close(): Promise<void>;
}

/** How to reach a Git remote. */
export interface GitAccess {
  readonly url: string;
  readonly branch: string;
  readonly basic?: Login;
  readonly bearerToken?: string;
  /** Who gives the login, where it is neither of these; it is asked for when the remote is contacted. */
  readonly provider?: GitProvider;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Shown to the server of an `https:` address. */
  readonly clientCertificate?: ClientCertificate;
  /** The way to the server of an `http:` or `https:` address; absent: what the environment says. */
  readonly proxy?: Proxy;
  /** Private key and known_hosts for SSH; absent: what the user's SSH set-up says. */
  readonly ssh?: SshLogin;
}

/** A local folder that may be a Git work tree. */
export interface Checkout extends FileSource {
  /** @returns a text, in words that follow "there is no history:", where there is none to be had */
  history(signal: AbortSignal): Promise<CheckoutHistory | string>;
  /** Replaces files, each atomically: after a crash a file is old or new, never half. */
  write(files: readonly FileWrite[], signal: AbortSignal): Promise<void>;
  /**
   * Writes the files and commits just their paths on the checked-out branch; whatever else is staged
   * stays staged.
   * @throws AppError `git/dirty`, before anything is written, when one of the paths has uncommitted
   * changes: they would go into the commit
   */
  commit(request: CheckoutCommit, signal: AbortSignal): Promise<string>;
}

/** Opens what a command or the controller works on. */
export interface Opener {
  /** @throws AppError `usage` when there is no such folder */
  checkout(dir: string): Promise<Checkout>;
  /** A folder or file of configuration that the operator named. @throws AppError `usage` */
  folder(path: string): Promise<FileSource>;
  /** Does not contact the remote yet. */
  branch(access: GitAccess, signal: AbortSignal): Promise<GitBranch>;
  /**
   * Does not contact the forge yet.
   * @throws AppError `resource/invalid` when the repo's address is not one at such a forge
   */
  forge(access: ForgeAccess): Promise<Forge>;
  /**
   * The same, for commits that the forge makes: at GitHub alone.
   * @throws AppError `resource/invalid` as above
   */
  commits(access: ForgeAccess): Promise<ForgeCommits>;
}

/** Secrets by the names that resources use. */
export interface Secrets {
  /** @returns decoded values by key, or undefined when there is no such Secret */
  get(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /**
   * Names of a ServiceAccount's image pull Secrets, or undefined when there is no such ServiceAccount.
   * @throws AppError `resource/not-supported` where there is no cluster to ask
   */
  pullSecrets(
    namespace: string,
    serviceAccount: string,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined>;
}

/** Small JSON documents kept between runs, each replaced atomically. */
export interface StateFiles {
  /**
   * @param name any text
   * @returns undefined when there is no such document, it is damaged, or another version of this
   * program wrote what it may no longer stand by
   */
  load(name: string): Promise<unknown>;
  save(name: string, value: unknown): Promise<void>;
}

/** Times of cron expressions. */
export interface CronTimes {
  /**
   * First time after `after` at which the five-field expression fires in an IANA time zone.
   * @throws AppError `resource/invalid` for an expression or zone that does not exist
   */
  next(expression: string, timeZone: string, after: Date): Date;
}

/** Time, so that tests own it. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`; rejects with AppError `cancelled` when the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** All outside effects together. */
export interface Ports {
  readonly registry: Registry;
  readonly secrets: Secrets;
  readonly clouds: CloudLogins;
  readonly gitLogins: GitLogins;
  readonly clock: Clock;
  readonly cron: CronTimes;
  readonly open: Opener;
  readonly signatures: SignatureVerifier;
  readonly state: StateFiles;
  /** As `state`, for what was observed and cannot be found out again: no version of this program forgets it. */
  readonly records: StateFiles;
  readonly signing: SigningKeys;
  /** From 0 to 1; spreads retries. */
  readonly random: () => number;
}
