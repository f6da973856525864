import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports/ports.ts';
import { throwIfCancelled } from '../../../domain/cancellation.ts';
import type { ModedWrite, RefMove, RemoteStore, WantedCommit } from '../engine.ts';
import type { Remote } from '../remote.ts';
import type { TreeDifference, TreeEntry } from '../tree.ts';
import { completePack } from './complete-pack.ts';
import { knownHistory } from './known-history.ts';
import type { IsomorphicStore } from './isomorphic-store.ts';
import { pushPack } from './receive-pack.ts';
import type { SmartHttp } from './smart-http.ts';
import { diffTrees, newObjects } from './tree-diff.ts';
import { findLeaves, listTree, rewriteTree } from './tree-edit.ts';
import { treeOfCommit } from './tree-object.ts';
import { UploadPack } from './upload-pack.ts';

/** A remote over HTTP(S) without any program: isomorphic-git writes, and only what is new is sent. */
export class IsomorphicRemote implements RemoteStore {
  readonly #remote: Remote;
  readonly #http: SmartHttp;
  readonly #store: IsomorphicStore;
  readonly #uploadPack: UploadPack;
  #refusesFilter = false;

  constructor(remote: Remote, http: SmartHttp, store: IsomorphicStore) {
    this.#remote = remote;
    this.#http = http;
    this.#store = store;
    this.#uploadPack = new UploadPack(remote, http);
  }

  heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#uploadPack.heads(refs, signal);
  }

  async obtain({ commit, below }: WantedCommit, signal: AbortSignal): Promise<void> {
    const store = this.#store;
    if (await store.isComplete(commit)) return;
    await store.writes.run(async () => {
      if (await store.isComplete(commit)) return;
      await store.tidy();
      if (below !== undefined) await this.#fetch(below, signal);
      if (await store.isComplete(commit)) return;
      await this.#fetch({ commit, depth: 1 }, signal);
      await store.addKnown(commit);
    });
  }

  async obtainHistory(commit: string, depth: number, signal: AbortSignal): Promise<void> {
    await this.#store.writes.run(async () => {
      if (await this.#fetchCommits({ commit, depth }, signal)) return;
      await this.#fetch({ commit, depth }, signal);
    });
  }

  renew(): Promise<void> {
    return this.#store.writes.run(() => this.#store.renew());
  }

  async list(commit: string): Promise<readonly TreeEntry[]> {
    return listTree(this.#store, await this.#treeOf(commit));
  }

  async find(commit: string, paths: readonly string[]): Promise<readonly TreeEntry[]> {
    return findLeaves(this.#store, await this.#treeOf(commit), paths);
  }

  async readCommit(id: string): Promise<Buffer | undefined> {
    const { history, objects } = this.#store;
    return ((await history.readIfPresent(id)) ?? (await objects.readIfPresent(id)))?.bytes;
  }

  async diff(before: string, after: string): Promise<readonly TreeDifference[]> {
    const trees = { before: await this.#treeOf(before), after: await this.#treeOf(after) };
    return diffTrees(this.#store, trees);
  }

  async *readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
    for (const blob of blobs) {
      throwIfCancelled(signal);
      const object = await this.#store.objects.read(blob.id, maxBytes);
      yield { blob, bytes: object?.bytes };
    }
  }

  async writeTree(change: {
    readonly parent: string;
    readonly files: readonly ModedWrite[];
  }): Promise<string> {
    return rewriteTree(this.#store, await this.#treeOf(change.parent), change.files);
  }

  async writeCommit(bytes: Uint8Array): Promise<string> {
    const id = await this.#store.write('commit', bytes);
    await this.#store.addKnown(id);
    return id;
  }

  push(move: RefMove, signal: AbortSignal): Promise<PushResult> {
    const parts = { remote: this.#remote, http: this.#http, signal };
    return pushPack(parts, move, async ({ id, parent }) => {
      const tree = await this.#treeOf(id);
      const lacking = await newObjects(this.#store, { before: await this.#treeOf(parent), tree });
      return this.#store.pack([id, ...lacking]);
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #fetch(wanted: Depth, signal: AbortSignal): Promise<void> {
    const { objects, known: from } = this.#store;
    const known = await knownHistory(objects, from);
    const pack = await this.#uploadPack.fetch({ ...wanted, known }, signal);
    await this.#store.addPack(known.have.length === 0 ? pack : await this.#completed(pack));
  }

  /** Commits alone. @returns false when the remote gives out no less than everything */
  async #fetchCommits(wanted: Depth, signal: AbortSignal): Promise<boolean> {
    if (this.#refusesFilter || !(await this.#uploadPack.filters(signal))) return false;
    const { history, known: from } = this.#store;
    const known = await knownHistory(history, from);
    try {
      const pack = await this.#uploadPack.fetch({ ...wanted, known, commitsOnly: true }, signal);
      await this.#store.addHistory(pack);
      return true;
    } catch (error) {
      // A server may forbid single filters; if it is something else, a fetch of everything will say so.
      throwIfCancelled(signal);
      if (!(error instanceof AppError) || error.code === 'git/unauthorized') throw error;
      this.#refusesFilter = true;
      return false;
    }
  }

  async #completed(pack: Buffer): Promise<Buffer> {
    try {
      return await completePack(pack, (id) => this.#store.objects.readIfPresent(id));
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const text = `${this.#remote.display} sent a pack that cannot be read`;
      throw new AppError('git/unreachable', text, { retry: true, cause });
    }
  }

  async #treeOf(commit: string): Promise<string> {
    return treeOfCommit(await this.#store.objects.readAs('commit', commit));
  }
}

/** How much of a commit's history is wanted. */
interface Depth {
  readonly commit: string;
  /** 1: the commit alone. */
  readonly depth: number;
}
