/**
 * Every outside effect of the product, as interfaces; those of a cluster are in `cluster-port.ts`.
 * Adapters implement them, `app` uses them, and only `compose` knows which adapter stands behind which port.
 *
 * All calls reject with `AppError`; all take an `AbortSignal` and stop soon after it fires.
 */
import type { Repository } from './domain/image-reference.ts';

/** How to reach one registry. Absent credentials: what the user's Docker configuration says, or anonymous. */
export interface RegistryAccess {
  /** Content of a Docker `config.json` (a `kubernetes.io/dockerconfigjson` Secret). */
  readonly dockerConfigJson?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Plain HTTP; only on the user's word. */
  readonly insecure: boolean;
  /** Bound on the whole call, in ms. */
  readonly timeoutMs: number;
}

/** A container registry (OCI distribution-spec 1.1). */
export interface Registry {
  /**
   * All tags of a repository, in the registry's order, without duplicates.
   * @throws AppError `registry/incomplete` rather than ever returning a part of the list
   */
  listTags(
    repository: Repository,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Digest of a tag (of the index where there is one), or undefined when there is no such tag. */
  digest(
    repository: Repository,
    tag: string,
    access: RegistryAccess,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

/** One file of a tree or folder. */
export interface FileEntry {
  /** Relative to the root, `/`-separated, never with `..`. */
  readonly path: string;
  /** Git blob id; equal ids mean equal bytes. Absent in a plain folder. */
  readonly id?: string;
  /** Size in bytes where it is known without reading. */
  readonly size?: number;
  readonly kind: 'file' | 'symlink';
}

/** A file's bytes; `undefined` where it is larger than was asked for. */
export interface FileContent {
  readonly entry: FileEntry;
  readonly bytes: Uint8Array | undefined;
}

/** A read-only set of files: a folder, or the tree of one commit. */
export interface FileSource {
  /** Files and symbolic links in path order; submodules and `.git` are not among them. */
  list(signal: AbortSignal): Promise<readonly FileEntry[]>;
  /**
   * Contents, one at a time, in the order asked for.
   * A symbolic link's content is its target. Links are never followed.
   */
  read(
    entries: readonly FileEntry[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<FileContent>;
}

/** New content of an existing file. Its mode stays. */
export interface FileWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Author and committer. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** What goes into a commit on top of `parent`. */
export interface CommitRequest {
  readonly parent: string;
  readonly files: readonly FileWrite[];
  readonly message: string;
  readonly author: Person;
  readonly time: Date;
}

/** `rejected` when the branch is no longer at the parent: fetch, plan again, try again. */
export type PushResult =
  { readonly kind: 'pushed' } | { readonly kind: 'rejected'; readonly reason: string };

/** One branch of a remote Git repo, behind a local object store that is kept between runs. */
export interface GitBranch {
  /** For people: the URL without credentials, and the branch. */
  readonly description: string;
  /**
   * The branch's commit at the remote: one ref listing and no object transfer.
   * @throws AppError `git/not-found` when there is no such repo or branch
   */
  head(signal: AbortSignal): Promise<string>;
  /** The files of a commit; objects that the store lacks are fetched. */
  files(commit: string): FileSource;
  /** Writes blobs, trees and the commit into the store. @returns the commit id */
  commit(request: CommitRequest, signal: AbortSignal): Promise<string>;
  /** Moves the remote branch from `parent` to `commit`, or not at all (compare and swap; never forced). */
  push(
    update: { readonly commit: string; readonly parent: string },
    signal: AbortSignal,
  ): Promise<PushResult>;
  /** Ends helper processes; the store stays on disk. */
  close(): Promise<void>;
}

/** How to reach a Git remote. */
export interface GitAccess {
  readonly url: string;
  readonly branch: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  /** PEM certificates trusted besides the system's. */
  readonly ca?: string;
  /** Private key and known_hosts for SSH; absent: what the user's SSH set-up says. */
  readonly ssh?: { readonly identity: string; readonly knownHosts: string };
}

/** A local folder that may be a Git work tree. */
export interface Checkout extends FileSource {
  /** Replaces files, each atomically: after a crash a file is old or new, never half. */
  write(files: readonly FileWrite[], signal: AbortSignal): Promise<void>;
  /**
   * Writes the files and commits just their paths on the checked-out branch; whatever else is staged
   * stays staged.
   * @throws AppError `git/dirty`, before anything is written, when one of the paths has uncommitted
   * changes: they would go into the commit
   */
  commit(request: Omit<CommitRequest, 'parent'>, signal: AbortSignal): Promise<string>;
}

/** Opens what a command or the controller works on. */
export interface Opener {
  /** @throws AppError `usage` when there is no such folder */
  checkout(dir: string): Promise<Checkout>;
  /** A folder or file of configuration that the operator named. @throws AppError `usage` */
  folder(path: string): Promise<FileSource>;
  /** Does not contact the remote yet. */
  branch(access: GitAccess, signal: AbortSignal): Promise<GitBranch>;
}

/** Secrets by the names that resources use. */
export interface Secrets {
  /** @returns decoded values by key, or undefined when there is no such Secret */
  get(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
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
  readonly clock: Clock;
  readonly cron: CronTimes;
  readonly open: Opener;
  readonly state: StateFiles;
  /** From 0 to 1; spreads retries. */
  readonly random: () => number;
}
