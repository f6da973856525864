import { AppError } from '../../domain/errors.ts';
import type { FileContent, FileDifference, FileEntry, FileSource } from '../../ports/files.ts';
import type { FileChange, LoggedCommit } from '../../ports/history.ts';
import type {
  CommitRequest,
  GitBranch,
  PushRequest,
  PushResult,
  PushTarget,
} from '../../ports/ports.ts';
import { throwIfCancelled } from '../../domain/cancellation.ts';
import { depthToFetch, walkHistory } from './commit-log.ts';
import { commitBytes, parseCommit } from './commit-object.ts';
import { commitAtForge } from './forge-commit.ts';
import type { ModedWrite, RefMove, RemoteStore, WantedBlobs, WantedCommit } from './engine.ts';
import { branchRef, checkedRef, type Remote } from './remote.ts';
import {
  fileChanges,
  fileDifferences,
  fileEntries,
  modeForWrite,
  SUBMODULE,
  type TreeEntry,
} from './tree.ts';

/** Which part of a commit's files is nearly all of it. */
const MOST = 0.75;

/** A branch of a remote behind a store of any engine. */
export class StoredBranch implements GitBranch {
  readonly description: string;
  readonly name: string;
  readonly #remote: Remote;
  readonly #store: RemoteStore;
  readonly #onClose: () => Promise<void>;
  /** The history that was last told: where a commit is below the one that it was told from. */
  #told = { from: '', depths: new Map<string, number>() };
  /** What was last looked up by path. */
  #found: { readonly commit: string; readonly entries: ReadonlyMap<string, TreeEntry> } | undefined;
  /** The commit that was last listed, and how many files it has. */
  #listed = { commit: '', count: 0 };

  /** @param onClose called when the branch is closed */
  constructor(remote: Remote, store: RemoteStore, onClose: () => Promise<void>) {
    this.description = `${remote.display} (${remote.branch})`;
    this.name = remote.branch;
    this.#remote = remote;
    this.#store = store;
    this.#onClose = onClose;
  }

  async head(signal: AbortSignal): Promise<string> {
    const { ref, branch, display } = this.#remote;
    const id = (await this.#store.heads([ref], signal)).get(ref);
    if (id !== undefined) return id;
    throw new AppError('git/not-found', `there is no branch ${branch} at ${display}`);
  }

  async branchHeads(
    branches: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const refs = new Map(branches.map((branch) => [branchRef(branch), branch]));
    const heads = branches.length === 0 ? [] : await this.#store.heads([...refs.keys()], signal);
    return new Map([...heads].map(([ref, id]) => [refs.get(ref) ?? ref, id]));
  }

  files(commit: string): FileSource {
    return {
      list: (signal) => this.#list(commit, signal),
      read: (entries, maxBytes, signal) => this.#read({ commit, entries, maxBytes, signal }),
      since: (before, signal) => this.#since({ before, after: commit }, signal),
    };
  }

  async *log(from: string, maxCommits: number, signal: AbortSignal): AsyncGenerator<LoggedCommit> {
    const told = { from, depths: new Map<string, number>() };
    this.#told = told;
    for (let isRenewed = false; ; isRenewed = true) {
      try {
        await this.#store.obtain({ commit: from }, signal);
        for await (const commit of walkHistory(this.#store, { from, maxCommits }, signal)) {
          if (told.depths.has(commit.id)) continue;
          // A commit comes after one of its children, so it is no deeper than it is late.
          told.depths.set(commit.id, told.depths.size + 1);
          yield commit;
        }
        return;
      } catch (error) {
        if (isRenewed || !isStoreDamage(error)) throw error;
        await this.#store.renew(signal);
      }
    }
  }

  async changes(
    { before, after }: { readonly before: string; readonly after: string },
    signal: AbortSignal,
  ): Promise<readonly FileChange[]> {
    const { from, depths } = this.#told;
    const depth = depths.get(after);
    const below =
      depth === undefined ? undefined : { commit: from, depth: depthToFetch(depth, depths.size) };
    return this.#repairing({ commit: after, below }, signal, async () => {
      await this.#store.obtain({ commit: before, below }, signal);
      return fileChanges(await this.#store.diff(before, after, signal));
    });
  }

  async commit(request: CommitRequest, signal: AbortSignal): Promise<string> {
    const { parent, message, signer } = request;
    const files = await this.#withModes(request, signal);
    return this.#repairing({ commit: parent }, signal, async () => {
      const tree = await this.#store.writeTree({ parent, files }, signal);
      if (signer?.kind === 'forge') {
        return commitAtForge(this.#store, signer, { tree, parent, files, message }, signal);
      }
      return this.#store.writeCommit(await commitBytes(tree, request, signer), signal);
    });
  }

  async push(request: PushRequest, signal: AbortSignal): Promise<PushResult> {
    const { commit, parent, target, options = [] } = request;
    for (const option of options) checkOption(option);
    const { ref, expected } = this.#destination(parent, target);
    await this.#checkParent({ commit, parent }, signal);
    return this.#store.push({ ref, to: { id: commit, parent }, expected, options }, signal);
  }

  async deleteBranch(
    { name, expected }: { readonly name: string; readonly expected: string },
    signal: AbortSignal,
  ): Promise<PushResult> {
    const ref = branchRef(name);
    const move = { ref, to: undefined, expected: { commit: expected }, options: [] };
    return this.#store.push(move, signal);
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#onClose();
  }

  /** @throws AppError `usage` where a push would throw away what is not ours */
  #destination(parent: string, target: PushTarget | undefined): Pick<RefMove, 'ref' | 'expected'> {
    if (target === undefined) return { ref: this.#remote.ref, expected: { commit: parent } };
    if ('ref' in target) return { ref: checkedRef(target.ref), expected: 'ancestor' };
    const { branch, expected, replace = false } = target;
    const ref = branchRef(branch);
    if (replace ? ref !== this.#remote.ref : expected === undefined || expected === parent) {
      return { ref, expected: expected === undefined ? 'absent' : { commit: expected } };
    }
    throw new AppError('usage', `a push to ${branch} would replace what is there`);
  }

  /** The remote compares its ref with `parent`; that makes it safe only for a child of `parent`. */
  async #checkParent(
    { commit, parent }: { commit: string; parent: string },
    signal: AbortSignal,
  ): Promise<void> {
    const content = await this.#store.readCommit(commit, signal);
    const parents = content === undefined ? [] : parseCommit(commit, content).parents;
    if (parents.length !== 1 || parents[0] !== parent) {
      throw new AppError('git/store', `commit ${commit} is not made on ${parent}`);
    }
  }

  async #withModes({ parent, files }: CommitRequest, signal: AbortSignal): Promise<ModedWrite[]> {
    const byPath = await this.#entriesOf(parent, new Set(files.map(({ path }) => path)), signal);
    return files.map((file) => ({ ...file, mode: modeForWrite(file.path, byPath.get(file.path)) }));
  }

  async #entriesOf(
    commit: string,
    paths: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TreeEntry>> {
    if (paths.size === 0) return new Map();
    // A file is looked up to be read, and soon after to be written.
    const last = this.#found?.commit === commit ? this.#found.entries : undefined;
    if (last !== undefined && [...paths].every((path) => last.has(path))) return last;
    const found = await this.#repairing({ commit }, signal, () =>
      this.#store.find(commit, [...paths], signal),
    );
    const entries = new Map(found.map((entry) => [entry.path, entry]));
    this.#found = { commit, entries };
    return entries;
  }

  async #list(commit: string, signal: AbortSignal): Promise<readonly FileEntry[]> {
    const list = () => this.#store.list(commit, signal);
    const entries = fileEntries(await this.#repairing({ commit }, signal, list));
    this.#listed = { commit, count: entries.length };
    return entries;
  }

  async #since(
    { before, after }: { readonly before: string; readonly after: string },
    signal: AbortSignal,
  ): Promise<readonly FileDifference[] | undefined> {
    try {
      await this.#store.obtain({ commit: after }, signal);
      return fileDifferences(await this.#store.diff(before, after, signal));
    } catch (error) {
      // The earlier commit may have been tidied away since; of damage a listing will tell.
      if (isStoreDamage(error)) return undefined;
      throw error;
    }
  }

  /** Goes on where it was when the store had to be renewed in between. */
  async *#read(request: BlobsRequest): AsyncGenerator<FileContent> {
    const { commit, maxBytes, signal } = request;
    if (request.entries.length === 0) return;
    const wanted = await this.#withIds(request);
    let done = 0;
    for (let isRenewed = false; ; isRenewed = true) {
      try {
        await this.#store.obtain({ commit }, signal);
        await this.#store.obtainBlobs({ commit, ids: this.#blobIds(commit, wanted) }, signal);
        for await (const { blob, bytes } of this.#store.readBlobs(
          wanted.slice(done),
          maxBytes,
          signal,
        )) {
          throwIfCancelled(signal);
          done += 1;
          yield { entry: blob.entry, bytes };
        }
        return;
      } catch (error) {
        if (isRenewed || !isStoreDamage(error)) throw error;
        await this.#store.renew(signal);
      }
    }
  }

  /** Where there is little else than what is read, nothing is saved by leaving the rest out. */
  #blobIds(commit: string, wanted: readonly WantedBlob[]): WantedBlobs['ids'] {
    const { commit: listed, count } = this.#listed;
    const isMost = listed === commit && wanted.length >= MOST * count;
    return isMost ? 'all' : wanted.map(({ id }) => id);
  }

  /** Entries may come from a caller that kept only paths. */
  async #withIds({ commit, entries, signal }: BlobsRequest): Promise<WantedBlob[]> {
    const lacking = new Set(entries.flatMap(({ id, path }) => (id === undefined ? [path] : [])));
    const byPath = await this.#entriesOf(commit, lacking, signal);
    return entries.map((entry) => {
      if (entry.id !== undefined) return { entry, id: entry.id };
      const found = byPath.get(entry.path);
      if (found !== undefined && found.mode !== SUBMODULE) return { entry, id: found.id };
      throw new AppError('file/unreadable', `${entry.path} is not a file of commit ${commit}`);
    });
  }

  /** Runs with the commit's objects at hand; when the store turns out damaged, once more on a new one. */
  async #repairing<T>(
    wanted: WantedCommit,
    signal: AbortSignal,
    task: () => Promise<T>,
  ): Promise<T> {
    try {
      await this.#store.obtain(wanted, signal);
      return await task();
    } catch (error) {
      if (!isStoreDamage(error)) throw error;
      await this.#store.renew(signal);
      await this.#store.obtain(wanted, signal);
      return task();
    }
  }
}

interface BlobsRequest {
  readonly commit: string;
  readonly entries: readonly FileEntry[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

interface WantedBlob {
  readonly entry: FileEntry;
  readonly id: string;
}

function isStoreDamage(error: unknown): boolean {
  return error instanceof AppError && error.code === 'git/store';
}

/** @throws AppError `usage`: the protocol gives an option one line */
function checkOption(option: string): void {
  // eslint-disable-next-line no-control-regex
  if (option !== '' && !/[\u0000-\u001f]/.test(option)) return;
  throw new AppError('usage', 'a push option is one line of text');
}
