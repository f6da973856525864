import { AppError } from '../../../domain/errors.ts';
import type { PushResult } from '../../../ports/ports.ts';
import type { ModedWrite, RefMove, RemoteStore, WantedBlobs, WantedCommit } from '../engine.ts';
import { throwIfCancelled } from '../../../domain/cancellation.ts';
import { isGranted } from '../granted.ts';
import { obtainBlobs } from '../obtain-blobs.ts';
import { noGitServer, readRefusal, sha256Refusal } from '../refusal.ts';
import { isText } from '../path-text.ts';
import type { Remote } from '../remote.ts';
import type { TreeDifference, TreeEntry } from '../tree.ts';
import { remoteFailure, serverWords } from './failures.ts';
import type { GitResult } from './git-process.ts';
import { NativeFetch, type WantedHistory } from './native-fetch.ts';
import type { NativeRepo } from './native-repo.ts';
import type { NativeStore } from './native-store.ts';
import { readGroups } from './read-groups.ts';
import { parseDifferences, parseListing } from './tree-output.ts';
import { writeTree } from './write-tree.ts';

/** A ref listing is one small exchange; a push may move much. In ms. */
const LIST_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
const SHA1_DIGITS = 40;
/** Of more paths a command line would get long, and each is held against each line of a listing. */
const MAX_ARGUMENTS = 200;
const FOLDER = '040000';

/** A remote behind the native `git` program, by any transport that it speaks. */
export class NativeRemote implements RemoteStore {
  readonly #remote: Remote;
  readonly #store: NativeStore;
  readonly #fetch: NativeFetch;
  /** The branch's commit when it was last asked for. */
  #head: string | undefined;
  #refusesCommits = false;

  constructor(remote: Remote, store: NativeStore) {
    this.#remote = remote;
    this.#store = store;
    this.#fetch = new NativeFetch(remote, store);
  }

  async heads(refs: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const args = ['ls-remote', '--', this.#remote.url, ...refs];
    const result = await this.#list(args, signal);
    if (result.code !== 0) throw remoteFailure(this.#remote, result.stderr);
    const found = new Map<string, string>();
    for (const line of result.stdout.toString('utf8').split('\n')) {
      const [id = '', name = ''] = line.split('\t');
      // The patterns also match refs that merely end with such a name.
      if (!refs.includes(name)) continue;
      if (id.length > SHA1_DIGITS) throw sha256Refusal(this.#remote);
      found.set(name, id);
    }
    const { ref } = this.#remote;
    if (refs.includes(ref) && !found.has(ref)) await this.#assureGit(args, signal);
    this.#head = found.get(ref) ?? this.#head;
    return found;
  }

  /**
   * To `git` an answer that is no Git, such as the page of a login, may be a repo without refs (of the "dumb" protocol).
   * @throws AppError `git/not-found` when nobody spoke Git
   */
  async #assureGit(args: readonly string[], signal: AbortSignal): Promise<void> {
    if (this.#remote.kind !== 'http') return;
    const { gitDir } = this.#store.whole;
    const run = { gitDir, signal, timeoutMs: LIST_TIMEOUT_MS };
    const { result, packets } = await this.#store.contactTraced(this.#remote, args, run);
    if (result.code === 0 && packets === '') throw noGitServer(this.#remote);
  }

  async obtain({ commit, below }: WantedCommit, signal: AbortSignal): Promise<void> {
    const store = this.#store;
    await store.places.choose(this.#remote.ref, async () => store.filters === true, signal);
    if (await this.#repo.isComplete(commit, signal)) return;
    await store.writes.run(async () => {
      if (await this.#repo.isComplete(commit, signal)) return;
      if (below !== undefined) await this.#fetchAll(below, signal);
      if (await this.#repo.isComplete(commit, signal)) return;
      await this.#fetchCommit(commit, signal);
    });
  }

  obtainBlobs({ commit, ids }: WantedBlobs, signal: AbortSignal): Promise<void> {
    const { trees, writes } = this.#store;
    return obtainBlobs(ids, {
      writes,
      isWhole: () => this.#repo !== trees,
      lacking: (some) => trees.objects.lacking(some, signal),
      fetch: (some) => this.#fetch.blobs(some, signal),
      moveToWhole: () =>
        this.#moveToWhole({ commit, depth: 1, kept: this.#keptFor(commit) }, signal),
    });
  }

  async obtainHistory(commit: string, depth: number, signal: AbortSignal): Promise<void> {
    await this.#store.writes.run(async () => {
      const filters = this.#store.filters === true && !this.#refusesCommits;
      if (filters && (await this.#fetchCommits(commit, depth, signal))) return;
      await this.#fetchAll({ commit, depth }, signal);
    });
  }

  renew(signal: AbortSignal): Promise<void> {
    return this.#store.writes.run(() => this.#store.renew(signal));
  }

  async list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    // Without sizes: they would take ten times as long, and only those of blobs to be read matter.
    const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
    return parseListing(await this.#repo.output('list a commit', args, { signal }));
  }

  async find(
    commit: string,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly TreeEntry[]> {
    const wanted = new Set(paths);
    if (paths.length > MAX_ARGUMENTS || !paths.every(isText)) {
      return (await this.list(commit, signal)).filter(({ path }) => wanted.has(path));
    }
    const args = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', '--', commit, ...paths];
    const found = parseListing(await this.#repo.output('look up files', args, { signal }));
    return found.filter(({ path, mode }) => wanted.has(path) && mode !== FOLDER);
  }

  async readCommit(id: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const { history } = this.#store;
    const bytes =
      (await history.readIfPresent(id, signal)) ?? (await this.#repo.readIfPresent(id, signal));
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  async diff(
    before: string,
    after: string,
    signal: AbortSignal,
  ): Promise<readonly TreeDifference[]> {
    const args = ['diff-tree', '-r', '-z', '--no-renames', before, after];
    return parseDifferences(await this.#repo.output('compare commits', args, { signal }));
  }

  readBlobs<T extends { readonly id: string }>(
    blobs: readonly T[],
    maxBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly blob: T; readonly bytes: Uint8Array | undefined }> {
    return readGroups(this.#repo, blobs, maxBytes, signal);
  }

  writeTree(
    change: { readonly parent: string; readonly files: readonly ModedWrite[] },
    signal: AbortSignal,
  ): Promise<string> {
    return this.#store.writes.run(() => writeTree(this.#repo, change, signal));
  }

  async writeCommit(bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    const args = ['hash-object', '-t', 'commit', '-w', '--stdin'];
    const repo = this.#repo;
    const output = await repo.output('write a commit', args, { input: [bytes], signal });
    const id = output.toString('latin1').trim();
    repo.complete.add(id);
    return id;
  }

  async push({ ref, to, expected, options }: RefMove, signal: AbortSignal): Promise<PushResult> {
    const args = [
      'push',
      '--porcelain',
      '--no-verify',
      ...options.map((option) => `--push-option=${option}`),
      ...leaseOf(ref, expected),
      '--',
      this.#remote.url,
      `${to?.id ?? ''}:${ref}`,
    ];
    const { gitDir } = this.#repo;
    const run = { gitDir, signal, timeoutMs: TRANSFER_TIMEOUT_MS };
    const result = await this.#store.contact(this.#remote, args, run);
    if (result.code === 0) {
      if (to !== undefined) await this.#keep(ref, to.id, signal);
      return { kind: 'pushed' };
    }
    // "!<TAB>from:to<TAB>[remote rejected] (reason)" (git-push, porcelain output)
    const refused = /^!\t[^\t]*\t\[[^\]]*\](?: \((.*)\))?$/m.exec(result.stdout.toString('utf8'));
    if (refused === null) throw remoteFailure(this.#remote, result.stderr);
    const words = { reason: refused[1] ?? 'rejected', detail: serverWords(result.stderr) };
    return readRefusal(this.#remote, ref, words);
  }

  /** The helper processes are the store's, which others may use. */
  close(): Promise<void> {
    return this.#store.logins.remove(this.#remote);
  }

  /** Where commits are kept from being tidied away; after a restart, what is there is known to be whole. */
  #localRef(kind: 'heads' | 'others' | 'history'): string {
    return `refs/lockkeeper/${kind}/${this.#remote.branch}`;
  }

  /** What was pushed anywhere is looked at again soon. */
  async #keep(ref: string, commit: string, signal: AbortSignal): Promise<void> {
    const isOwn = ref === this.#remote.ref;
    const kept = isOwn ? this.#localRef('heads') : ref.replace(/^refs/, 'refs/lockkeeper/pushed');
    const args = ['update-ref', kept, commit];
    await this.#store.writes.run(() => this.#repo.run(args, { signal }));
  }

  /** Lists refs; the first time it is found out what the remote can do. */
  async #list(args: readonly string[], signal: AbortSignal): Promise<GitResult> {
    const store = this.#store;
    const run = { gitDir: store.whole.gitDir, signal, timeoutMs: LIST_TIMEOUT_MS };
    if (store.filters !== undefined) return store.contact(this.#remote, args, run);
    const { result, packets } = await store.contactTraced(this.#remote, args, run);
    // "fetch=shallow wait-for-done filter" (gitprotocol-v2, "capability advertisement")
    if (result.code === 0) store.filters = /< fetch=(?:\S+ )*filter(?: |$)/m.test(packets);
    return result;
  }

  /** Where the branch's objects are. */
  get #repo(): NativeRepo {
    return this.#store.places.of(this.#remote.ref);
  }

  #keptFor(commit: string): string {
    return this.#localRef(commit === this.#head ? 'heads' : 'others');
  }

  async #fetchCommit(commit: string, signal: AbortSignal): Promise<void> {
    await this.#fetchHere({ commit, depth: 1, kept: this.#keptFor(commit) }, signal);
    this.#repo.complete.add(commit);
  }

  /** A commit and those before it, with trees and, where all are kept so, blobs. */
  async #fetchAll(wanted: Omit<WantedHistory, 'kept'>, signal: AbortSignal): Promise<void> {
    const kept = this.#localRef('history');
    await this.#fetchHere({ ...wanted, kept }, signal);
    await this.#repo.addReachable(kept, signal);
  }

  async #fetchHere(wanted: WantedHistory, signal: AbortSignal): Promise<void> {
    const isWhole = this.#repo !== this.#store.trees;
    if (isWhole) return this.#fetch.whole(wanted, signal);
    if (await isGranted(this.#fetch.trees(wanted, signal))) return;
    await this.#moveToWhole(wanted, signal);
  }

  /** With all blobs, from here on. */
  async #moveToWhole(wanted: WantedHistory, signal: AbortSignal): Promise<void> {
    await this.#fetch.whole(wanted, signal);
    this.#store.whole.complete.add(wanted.commit);
    this.#store.places.moveToWhole(this.#remote.ref);
  }

  /** @returns false when the remote would not: then it is not asked again */
  async #fetchCommits(commit: string, depth: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#fetch.commits({ commit, depth }, signal);
      return true;
    } catch (error) {
      // A server may forbid single filters; if it is something else, a fetch of everything will say so.
      throwIfCancelled(signal);
      if (!(error instanceof AppError) || error.code === 'git/unauthorized') throw error;
      if (error.code === 'git/store') await this.#store.history.remove();
      this.#refusesCommits = true;
      return false;
    }
  }
}

/** Without a lease, git itself sees to it that a ref only moves forward. */
function leaseOf(ref: string, expected: RefMove['expected']): string[] {
  if (expected === 'ancestor') return [];
  return [`--force-with-lease=${ref}:${expected === 'absent' ? '' : expected.commit}`];
}
