import type { PushResult } from '../../../ports.ts';
import { throwIfCancelled } from '../cancellation.ts';
import type { ModedWrite, RefMove, RemoteStore } from '../engine.ts';
import type { Remote } from '../remote.ts';
import type { TreeEntry } from '../tree.ts';
import type { IsomorphicStore } from './isomorphic-store.ts';
import { pushPack } from './receive-pack.ts';
import type { SmartHttp } from './smart-http.ts';
import { listTree, newObjects, readCommitTree, rewriteTree } from './tree-edit.ts';
import { UploadPack } from './upload-pack.ts';

/** A remote over HTTP(S) without any program: isomorphic-git writes, and only what is new is sent. */
export class IsomorphicRemote implements RemoteStore {
  readonly #remote: Remote;
  readonly #http: SmartHttp;
  readonly #store: IsomorphicStore;
  readonly #uploadPack: UploadPack;

  constructor(remote: Remote, http: SmartHttp, store: IsomorphicStore) {
    this.#remote = remote;
    this.#http = http;
    this.#store = store;
    this.#uploadPack = new UploadPack(remote, http);
  }

  heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#uploadPack.heads(refs, signal);
  }

  async obtain(commit: string, signal: AbortSignal): Promise<void> {
    const store = this.#store;
    if (store.isComplete(commit)) return;
    await store.writes.run(async () => {
      if (store.isComplete(commit)) return;
      if (await store.isFull()) await store.renew();
      await store.addPack(await this.#uploadPack.fetch(commit, store.known, signal));
      await store.addComplete(commit);
    });
  }

  renew(): Promise<void> {
    return this.#store.writes.run(() => this.#store.renew());
  }

  async list(commit: string): Promise<readonly TreeEntry[]> {
    return listTree(this.#store, await readCommitTree(this.#store, commit));
  }

  readCommit(id: string): Promise<Buffer> {
    return this.#store.objects.readAs('commit', id);
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
    const root = await readCommitTree(this.#store, change.parent);
    return rewriteTree(this.#store, root, change.files);
  }

  async writeCommit(bytes: Uint8Array): Promise<string> {
    const id = await this.#store.write('commit', bytes);
    await this.#store.addComplete(id);
    return id;
  }

  push(move: RefMove, signal: AbortSignal): Promise<PushResult> {
    const parts = { remote: this.#remote, http: this.#http, signal };
    return pushPack(parts, move, async () =>
      this.#store.pack(await newObjects(this.#store, { commit: move.to, parent: move.from })),
    );
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
