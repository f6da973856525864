import { AppError } from '../../domain/errors.ts';
import type {
  CommitRequest,
  FileContent,
  FileEntry,
  FileSource,
  GitBranch,
  PushResult,
} from '../../ports.ts';
import { throwIfCancelled } from './cancellation.ts';
import { commitBytes } from './commit-object.ts';
import type { ModedWrite, RemoteStore } from './engine.ts';
import type { Remote } from './remote.ts';
import { fileEntries, modeForWrite, SUBMODULE, type TreeEntry } from './tree.ts';

/** A branch of a remote behind a store of any engine. */
export class StoredBranch implements GitBranch {
  readonly description: string;
  readonly #remote: Remote;
  readonly #store: RemoteStore;
  readonly #onClose: () => Promise<void>;
  #listing: { readonly commit: string; readonly entries: readonly TreeEntry[] } | undefined;

  /** @param onClose called when the branch is closed */
  constructor(remote: Remote, store: RemoteStore, onClose: () => Promise<void>) {
    this.description = `${remote.display} (${remote.branch})`;
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

  files(commit: string): FileSource {
    return {
      list: async (signal) => fileEntries(await this.#list(commit, signal)),
      read: (entries, maxBytes, signal) => this.#read({ commit, entries, maxBytes, signal }),
    };
  }

  async commit(request: CommitRequest, signal: AbortSignal): Promise<string> {
    const { parent } = request;
    const files = await this.#withModes(request, signal);
    return this.#repairing(parent, signal, async () => {
      const tree = await this.#store.writeTree({ parent, files }, signal);
      return this.#store.writeCommit(commitBytes(tree, request), signal);
    });
  }

  async push(
    { commit, parent }: { readonly commit: string; readonly parent: string },
    signal: AbortSignal,
  ): Promise<PushResult> {
    await this.#checkParent({ commit, parent }, signal);
    return this.#store.push({ ref: this.#remote.ref, from: parent, to: commit }, signal);
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#onClose();
  }

  /** The remote compares its ref with `parent`; that makes it safe only for a child of `parent`. */
  async #checkParent(
    { commit, parent }: { commit: string; parent: string },
    signal: AbortSignal,
  ): Promise<void> {
    const text = (await this.#store.readCommit(commit, signal)).toString('latin1');
    if (/^tree .*\nparent ([0-9a-f]+)\n(?!parent )/.exec(text)?.[1] !== parent) {
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
    const found = (await this.#list(commit, signal)).filter(({ path }) => paths.has(path));
    return new Map(found.map((entry) => [entry.path, entry]));
  }

  async #list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    if (this.#listing?.commit === commit) return this.#listing.entries;
    const entries = await this.#repairing(commit, signal, () => this.#store.list(commit, signal));
    this.#listing = { commit, entries };
    return entries;
  }

  /** Goes on where it was when the store had to be renewed in between. */
  async *#read(request: BlobsRequest): AsyncGenerator<FileContent> {
    const { commit, maxBytes, signal } = request;
    const wanted = await this.#withIds(request);
    let done = 0;
    for (let isRenewed = false; ; isRenewed = true) {
      try {
        await this.#store.obtain(commit, signal);
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
  async #repairing<T>(commit: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    try {
      await this.#store.obtain(commit, signal);
      return await task();
    } catch (error) {
      if (!isStoreDamage(error)) throw error;
      await this.#store.renew(signal);
      await this.#store.obtain(commit, signal);
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
