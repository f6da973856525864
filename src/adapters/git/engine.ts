import type { FileWrite, PushResult } from '../../ports/ports.ts';
import type { Remote } from './remote.ts';
import type { StoreFolder } from './store-folder.ts';
import type { TreeDifference, TreeEntry } from './tree.ts';

/** Variables of a process, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A way to speak Git: the native program, or isomorphic-git inside this process. */
export interface Engine {
  readonly name: 'native' | 'isomorphic';
  /** Opens the store of one remote in a folder that this process holds. */
  openStore(folder: StoreFolder, signal: AbortSignal): Promise<EngineStore>;
}

/** The objects of one remote, shared by its branches. */
export interface EngineStore {
  /** The store for one branch and login. Does not contact the remote. */
  connect(remote: Remote): RemoteStore;
  /** Ends helper processes and gives the folder back. */
  close(): Promise<void>;
}

/**
 * What an engine does, and all it does: objects between the remote and a store on disk. The order of
 * steps is {@link StoredBranch}'s, which is the same for every engine.
 *
 * A missing or damaged object is an AppError `git/store`: the store is then renewed, since whatever is
 * in it can be fetched again.
 */
export interface RemoteStore {
  /** Commits of these full ref names at the remote, by name; what is not there is left out. */
  heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Sees to it that a commit's trees are here. Its blobs come with them only where the remote leaves nothing out. */
  obtain(wanted: WantedCommit, signal: AbortSignal): Promise<void>;
  /** Sees to it that blobs of a commit that was obtained are here: what is lacking is fetched all at once. */
  obtainBlobs(wanted: WantedBlobs, signal: AbortSignal): Promise<void>;
  /** Throws everything away and starts afresh. */
  renew(signal: AbortSignal): Promise<void>;
  /** All leaves of a commit's tree, in path order. */
  list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]>;
  /** The leaves of a commit's tree that have these paths, in any order. */
  find(
    commit: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly TreeEntry[]>;
  /**
   * Sees to it that the commits before one are here, as far as `depth` commits along any line; for the
   * remote to have less is no failure. Their trees and blobs come with them only where the remote leaves
   * nothing out.
   */
  obtainHistory(commit: string, depth: number, signal: AbortSignal): Promise<void>;
  /** Content of a commit object, if it is here. */
  readCommit(id: string, signal: AbortSignal): Promise<Buffer | undefined>;
  /** What differs between two commits that were obtained, in path order; submodules too. */
  diff(before: string, after: string, signal: AbortSignal): Promise<readonly TreeDifference[]>;
  /** Blobs that were obtained, in the order asked for, one at a time; without the bytes of one of over `maxBytes`. */
  readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly blob: T; readonly bytes: Uint8Array | undefined }>;
  /** Writes the tree of `parent` with other contents in some of its regular files. @returns its id */
  writeTree(
    change: { readonly parent: string; readonly files: readonly ModedWrite[] },
    signal: AbortSignal,
  ): Promise<string>;
  /** Writes a commit whose tree was written before. @returns its id */
  writeCommit(bytes: Uint8Array, signal: AbortSignal): Promise<string>;
  /** Moves a ref at the remote, or does nothing at all. */
  push(move: RefMove, signal: AbortSignal): Promise<PushResult>;
  /** Ends connections; the store stays open for the other branches. */
  close(): Promise<void>;
}

/** A commit whose trees are wanted. */
export interface WantedCommit {
  readonly commit: string;
  /**
   * A commit that it is known to come before, and how deep in its history. All that is between them then
   * comes in one go, as it differs from what is here: in a moment that will be asked for, too.
   */
  readonly below?: { readonly commit: string; readonly depth: number } | undefined;
}

/** Blobs that are to be read. */
export interface WantedBlobs {
  readonly commit: string;
  /** `all`: nearly all. What comes after the commit is then fetched with its blobs, too, in one go. */
  readonly ids: readonly string[] | 'all';
}

/** A file's new content, and the mode that it keeps. */
export interface ModedWrite extends FileWrite {
  readonly mode: string;
}

/** A ref that is to move. */
export interface RefMove {
  /** Full name. */
  readonly ref: string;
  /** The commit to move to; undefined: the ref is deleted. */
  readonly to: MadeCommit | undefined;
  /** Where the ref must be; `ancestor`: nowhere, or at a commit that `to` is made on. */
  readonly expected: { readonly commit: string } | 'absent' | 'ancestor';
  readonly options: readonly string[];
}

/** A commit of ours with the one that it is made on, whose objects the remote has. */
export interface MadeCommit {
  readonly id: string;
  readonly parent: string;
}
