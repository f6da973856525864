import { AppError } from '../../../domain/errors.ts';
import type {
  CommitRequest,
  FileContent,
  FileEntry,
  FileSource,
  GitBranch,
  PushResult,
} from '../../../ports.ts';
import { throwIfCancelled } from '../cancellation.ts';
import type { Remote } from '../remote.ts';
import { fileEntries, type TreeEntry } from '../tree.ts';
import type { IsomorphicStore } from './isomorphic-store.ts';
import { pushPack } from './receive-pack.ts';
import type { SmartHttp } from './smart-http.ts';
import { listTree, newObjects, readCommitTree, writeCommit } from './tree-edit.ts';
import { UploadPack } from './upload-pack.ts';

/** What a branch works with. */
export interface IsomorphicBranchParts {
  readonly remote: Remote;
  readonly http: SmartHttp;
  readonly store: IsomorphicStore;
  readonly onClose: () => Promise<void>;
}

/** A branch over HTTP(S) without any program: isomorphic-git writes, and only what is new is sent. */
export class IsomorphicBranch implements GitBranch {
  readonly description: string;
  readonly #parts: IsomorphicBranchParts;
  readonly #uploadPack: UploadPack;
  #listing: { readonly commit: string; readonly entries: readonly TreeEntry[] } | undefined;

  constructor(parts: IsomorphicBranchParts) {
    this.description = `${parts.remote.display} (${parts.remote.branch})`;
    this.#parts = parts;
    this.#uploadPack = new UploadPack(parts.remote, parts.http);
  }

  async head(signal: AbortSignal): Promise<string> {
    const { branch, display } = this.#parts.remote;
    const id = await this.#uploadPack.head(signal);
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
    const { store } = this.#parts;
    const id = await this.#repairing(request.parent, signal, () => writeCommit(store, request));
    await store.addComplete(id);
    return id;
  }

  async push(
    update: { readonly commit: string; readonly parent: string },
    signal: AbortSignal,
  ): Promise<PushResult> {
    const { store, remote, http } = this.#parts;
    await this.#checkParent(update);
    return pushPack({ remote, http, signal }, update, async () =>
      store.pack(await newObjects(store, update)),
    );
  }

  async close(): Promise<void> {
    await this.#parts.http.close();
    await this.#parts.onClose();
  }

  /** The server compares the branch with `parent`; that makes it safe only for a child of `parent`. */
  async #checkParent({ commit, parent }: { commit: string; parent: string }): Promise<void> {
    const text = (await this.#parts.store.objects.readAs('commit', commit)).toString('latin1');
    if (/^tree .*\nparent ([0-9a-f]+)\n(?!parent )/.exec(text)?.[1] !== parent) {
      throw new AppError('git/store', `commit ${commit} is not made on ${parent}`);
    }
  }

  async #list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    if (this.#listing?.commit === commit) return this.#listing.entries;
    const { store } = this.#parts;
    const entries = await this.#repairing(commit, signal, async () =>
      listTree(store, await readCommitTree(store, commit)),
    );
    this.#listing = { commit, entries };
    return entries;
  }

  async *#read(request: {
    readonly commit: string;
    readonly entries: readonly FileEntry[];
    readonly maxBytes: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FileContent> {
    const { commit, maxBytes, signal } = request;
    const idOf = await this.#idLookup(request);
    for (const entry of request.entries) {
      throwIfCancelled(signal);
      const id = idOf(entry);
      const object = await this.#repairing(commit, signal, () =>
        this.#parts.store.objects.read(id, maxBytes),
      );
      yield { entry, bytes: object?.bytes };
    }
  }

  /** Entries may come from a caller that kept only paths. */
  async #idLookup({
    commit,
    entries,
    signal,
  }: {
    readonly commit: string;
    readonly entries: readonly FileEntry[];
    readonly signal: AbortSignal;
  }): Promise<(entry: FileEntry) => string> {
    const listing = entries.every(({ id }) => id !== undefined)
      ? []
      : await this.#list(commit, signal);
    const byPath = new Map(listing.map((leaf) => [leaf.path, leaf.id]));
    return (entry) => {
      const id = entry.id ?? byPath.get(entry.path);
      if (id !== undefined) return id;
      throw new AppError('file/unreadable', `${entry.path} is not a file of commit ${commit}`);
    };
  }

  /** Runs with the commit's objects at hand; when the store turns out damaged, once more on a new one. */
  async #repairing<T>(commit: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    try {
      await this.#ensure(commit, signal);
      return await task();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'git/store') throw error;
      await this.#parts.store.writes.run(() => this.#parts.store.renew());
      await this.#ensure(commit, signal);
      return task();
    }
  }

  async #ensure(commit: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    if (store.isComplete(commit)) return;
    await store.writes.run(async () => {
      if (store.isComplete(commit)) return;
      if (await store.isFull()) await store.renew();
      await store.addPack(await this.#uploadPack.fetch(commit, store.known, signal));
      await store.addComplete(commit);
    });
  }
}
