import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports.ts';
import type { ModedWrite, RefMove, RemoteStore } from '../engine.ts';
import { readRefusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import type { TreeEntry } from '../tree.ts';
import { isStoreTrouble, remoteFailure, serverWords, storeFailure } from './failures.ts';
import type { NativeStore } from './native-store.ts';
import { readGroups } from './read-groups.ts';
import { writeTree } from './write-tree.ts';

/** A ref listing is one small exchange; a fetch or push may move a whole repo. In ms. */
const LIST_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;

/** A remote behind the native `git` program, by any transport that it speaks. */
export class NativeRemote implements RemoteStore {
  readonly #remote: Remote;
  readonly #store: NativeStore;
  /** Keeps the newest known commit from being tidied away, and says after a restart that it is whole. */
  readonly #localRef: string;
  /** Has what an earlier process fetched been looked up? */
  #knowsLocalHead = false;

  constructor(remote: Remote, store: NativeStore) {
    this.#remote = remote;
    this.#store = store;
    this.#localRef = `refs/lockkeeper/heads/${remote.branch}`;
  }

  async heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const args = ['ls-remote', '--', this.#remote.url, ...refs];
    const options = { signal, timeoutMs: LIST_TIMEOUT_MS };
    const result = await this.#store.contact(this.#remote, args, options);
    if (result.code !== 0) throw remoteFailure(this.#remote, result.stderr);
    const found = new Map<string, string>();
    for (const line of result.stdout.toString('utf8').split('\n')) {
      const [id = '', name = ''] = line.split('\t');
      // The patterns also match refs that merely end with such a name.
      if (refs.includes(name)) found.set(name, id);
    }
    return found;
  }

  async obtain(commit: string, signal: AbortSignal): Promise<void> {
    if (this.#store.complete.has(commit)) return;
    await this.#store.writes.run(async () => {
      // Empty in a new store, which is no commit's id.
      if (!this.#knowsLocalHead) this.#store.complete.add(await this.#localHead(signal));
      this.#knowsLocalHead = true;
      if (this.#store.complete.has(commit)) return;
      await this.#fetch(commit, signal);
      this.#store.complete.add(commit);
    });
  }

  renew(signal: AbortSignal): Promise<void> {
    return this.#store.writes.run(() => this.#store.renew(signal));
  }

  async list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    // Without sizes: they would take ten times as long, and only those of blobs to be read matter.
    const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
    return parseListing(await this.#store.output('list a commit', args, { signal }));
  }

  async readCommit(id: string, signal: AbortSignal): Promise<Buffer> {
    const [bytes] = await this.#store.objects.read([id], signal);
    return Buffer.from(bytes ?? []);
  }

  readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
    return readGroups(this.#store, blobs, maxBytes, signal);
  }

  writeTree(
    change: { readonly parent: string; readonly files: readonly ModedWrite[] },
    signal: AbortSignal,
  ): Promise<string> {
    return this.#store.writes.run(() => writeTree(this.#store, change, signal));
  }

  async writeCommit(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    const args = ['hash-object', '-t', 'commit', '-w', '--stdin'];
    const output = await this.#store.output('write a commit', args, { input: [bytes], signal });
    const id = output.toString('latin1').trim();
    this.#store.complete.add(id);
    return id;
  }

  async push({ ref, from, to }: RefMove, signal: AbortSignal): Promise<PushResult> {
    const lease = `--force-with-lease=${ref}:${from}`;
    const where = ['--', this.#remote.url, `${to}:${ref}`];
    const args = ['push', '--porcelain', '--no-verify', lease, ...where];
    const options = { signal, timeoutMs: TRANSFER_TIMEOUT_MS };
    const result = await this.#store.contact(this.#remote, args, options);
    if (result.code === 0) {
      await this.#store.writes.run(() =>
        this.#store.run(['update-ref', this.#localRef, to], { signal }),
      );
      return { kind: 'pushed' };
    }
    // "!<TAB>from:to<TAB>[remote rejected] (reason)" (git-push, porcelain output)
    const refused = /^!\t[^\t]*\t\[[^\]]*\](?: \((.*)\))?$/m.exec(result.stdout.toString('utf8'));
    if (refused === null) throw remoteFailure(this.#remote, result.stderr);
    return readRefusal(this.#remote, refused[1] ?? 'rejected', serverWords(result.stderr));
  }

  /** The helper processes are the store's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #localHead(signal: AbortSignal): Promise<string> {
    const args = ['for-each-ref', '--format=%(objectname)', this.#localRef];
    const result = await this.#store.run(args, { signal });
    return result.stdout.toString('latin1').trim();
  }

  async #fetch(commit: string, signal: AbortSignal): Promise<void> {
    const direct = await this.#fetchRef(commit, signal);
    if (direct.code === 0) return;
    // Servers before protocol v2 give out branches only.
    if (/not our ref|unadvertised object/.test(direct.stderr)) {
      const byBranch = await this.#fetchRef(this.#remote.ref, signal);
      if (byBranch.code === 0 && (await this.#localHead(signal)) === commit) return;
      throw new AppError(
        'git/not-found',
        `commit ${commit} is no longer on ${this.#remote.branch} at ${this.#remote.display}; try again`,
        { retry: true },
      );
    }
    if (isStoreTrouble(direct.stderr)) throw storeFailure('take in a fetch', direct.stderr);
    throw remoteFailure(this.#remote, direct.stderr);
  }

  #fetchRef(source: string, signal: AbortSignal): ReturnType<NativeStore['contact']> {
    const args = [
      'fetch',
      '--quiet',
      '--depth=1',
      '--no-tags',
      '--no-write-fetch-head',
      '--',
      this.#remote.url,
      `+${source}:${this.#localRef}`,
    ];
    return this.#store.contact(this.#remote, args, { signal, timeoutMs: TRANSFER_TIMEOUT_MS });
  }
}

/** Reads `git ls-tree -r -z`: "mode type id<TAB>path<NUL>". */
function parseListing(output: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const line of output.toString('utf8').split('\0')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const [mode = '', , id = ''] = line.slice(0, tab).split(' ');
    entries.push({ path: line.slice(tab + 1), mode, id });
  }
  return entries;
}
