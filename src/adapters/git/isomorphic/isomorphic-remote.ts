import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports/ports.ts';
import { throwIfCancelled } from '../../../domain/cancellation.ts';
import type { ModedWrite, RefMove, RemoteStore, WantedBlobs, WantedCommit } from '../engine.ts';
import { isGranted } from '../granted.ts';
import { idBatches } from '../id-batches.ts';
import { obtainBlobs } from '../obtain-blobs.ts';
import type { Remote } from '../remote.ts';
import type { TreeDifference, TreeEntry } from '../tree.ts';
import { completePack } from './complete-pack.ts';
import { knownHistory } from './known-history.ts';
import type { IsomorphicStore } from './isomorphic-store.ts';
import type { ObjectRepo } from './object-repo.ts';
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
  #refusesCommits = false;

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
    const filters = () => this.#uploadPack.filters(signal);
    await store.places.choose(this.#remote.ref, filters, signal);
    if (await this.#repo.isComplete(commit)) return;
    await store.writes.run(async () => {
      if (await this.#repo.isComplete(commit)) return;
      await this.#repo.tidy();
      if (below !== undefined) await this.#fetch(below, signal);
      if (await this.#repo.isComplete(commit)) return;
      await this.#fetch({ commit, depth: 1 }, signal);
      await this.#repo.addKnown(commit);
    });
  }

  obtainBlobs({ commit, ids }: WantedBlobs, signal: AbortSignal): Promise<void> {
    const { trees, writes } = this.#store;
    return obtainBlobs(ids, {
      writes,
      isWhole: () => this.#repo !== trees,
      lacking: (some) => trees.lacking(some),
      fetch: (some) => this.#fetchBlobs(some, signal),
      moveToWhole: () => this.#moveToWhole({ commit, depth: 1 }, signal),
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
    return listTree(this.#repo, await this.#treeOf(commit));
  }

  async find(commit: string, paths: readonly string[]): Promise<readonly TreeEntry[]> {
    return findLeaves(this.#repo, await this.#treeOf(commit), paths);
  }

  async readCommit(id: string): Promise<Buffer | undefined> {
    const { history } = this.#store;
    return ((await history.readIfPresent(id)) ?? (await this.#repo.readIfPresent(id)))?.bytes;
  }

  async diff(before: string, after: string): Promise<readonly TreeDifference[]> {
    const trees = { before: await this.#treeOf(before), after: await this.#treeOf(after) };
    return diffTrees(this.#repo, trees);
  }

  async *readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
    for (const blob of blobs) {
      throwIfCancelled(signal);
      const object = await this.#repo.objects.read(blob.id, maxBytes);
      yield { blob, bytes: object?.bytes };
    }
  }

  async writeTree(change: {
    readonly parent: string;
    readonly files: readonly ModedWrite[];
  }): Promise<string> {
    return rewriteTree(this.#repo, await this.#treeOf(change.parent), change.files);
  }

  async writeCommit(bytes: Uint8Array): Promise<string> {
    const id = await this.#repo.write('commit', bytes);
    await this.#repo.addKnown(id);
    return id;
  }

  push(move: RefMove, signal: AbortSignal): Promise<PushResult> {
    const parts = { remote: this.#remote, http: this.#http, signal };
    return pushPack(parts, move, async ({ id, parent }) => {
      const tree = await this.#treeOf(id);
      const lacking = await newObjects(this.#repo, { before: await this.#treeOf(parent), tree });
      return this.#repo.pack([id, ...lacking]);
    });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** Where the branch's objects are. */
  get #repo(): ObjectRepo {
    return this.#store.places.of(this.#remote.ref);
  }

  async #fetch(wanted: Depth, signal: AbortSignal): Promise<void> {
    const { whole, trees } = this.#store;
    if (this.#repo === whole) return this.#fetchInto(whole, wanted, signal);
    if (await isGranted(this.#fetchInto(trees, wanted, signal))) return;
    await this.#moveToWhole(wanted, signal);
  }

  /** @throws AppError `git/unsupported` when the remote does not leave out what the repo is not to have */
  async #fetchInto(repo: ObjectRepo, wanted: Depth, signal: AbortSignal): Promise<void> {
    const known = await knownHistory(repo);
    const without = repo === this.#store.trees ? { without: 'blobs' as const } : {};
    const pack = await this.#uploadPack.fetch({ ...wanted, known, ...without }, signal);
    await repo.create();
    await repo.addPack(known.have.length === 0 ? pack : await this.#completed(pack, repo));
  }

  /** With all blobs, from here on. */
  async #moveToWhole(wanted: Depth, signal: AbortSignal): Promise<void> {
    const { whole } = this.#store;
    await this.#fetchInto(whole, wanted, signal);
    await whole.addKnown(wanted.commit);
    this.#store.places.moveToWhole(this.#remote.ref);
  }

  async #fetchBlobs(ids: readonly string[], signal: AbortSignal): Promise<void> {
    for (const batch of idBatches(ids)) {
      await this.#store.trees.addPack(await this.#uploadPack.fetch({ ids: batch }, signal));
    }
  }

  /** Commits alone. @returns false when the remote gives out no less than everything */
  async #fetchCommits(wanted: Depth, signal: AbortSignal): Promise<boolean> {
    if (this.#refusesCommits || !(await this.#uploadPack.filters(signal))) return false;
    const { history } = this.#store;
    const known = await knownHistory(history, this.#repo.known);
    const without = 'trees and blobs';
    try {
      const pack = await this.#uploadPack.fetch({ ...wanted, known, without }, signal);
      await this.#store.addHistory(pack);
      return true;
    } catch (error) {
      // A server may forbid single filters; if it is something else, a fetch of everything will say so.
      throwIfCancelled(signal);
      if (!(error instanceof AppError) || error.code === 'git/unauthorized') throw error;
      this.#refusesCommits = true;
      return false;
    }
  }

  async #completed(pack: Buffer, repo: ObjectRepo): Promise<Buffer> {
    try {
      return await completePack(pack, (id) => repo.readIfPresent(id));
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const text = `${this.#remote.display} sent a pack that cannot be read`;
      throw new AppError('git/unreachable', text, { retry: true, cause });
    }
  }

  async #treeOf(commit: string): Promise<string> {
    return treeOfCommit(await this.#repo.objects.readAs('commit', commit));
  }
}

/** How much of a commit's history is wanted. */
interface Depth {
  readonly commit: string;
  /** 1: the commit alone. */
  readonly depth: number;
}
