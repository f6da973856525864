import { AppError } from '../../../domain/errors.ts';
import type {
  CommitRequest,
  FileContent,
  FileEntry,
  FileSource,
  GitBranch,
  PushResult,
} from '../../../ports.ts';
import { readRefusal } from '../refusal.ts';
import type { Remote } from '../remote.ts';
import { fileEntries, modeForWrite, SUBMODULE, type TreeEntry } from '../tree.ts';
import { importCommit } from './commit.ts';
import { isStoreTrouble, remoteFailure, serverWords, storeFailure } from './failures.ts';
import type { NativeStore } from './native-store.ts';

/** A ref listing is one small exchange; a fetch or push may move a whole repo. In ms. */
const LIST_TIMEOUT_MS = 60_000;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
/** Blobs are read in groups of about this many bytes, so that memory stays bounded. */
const READ_GROUP_BYTES = 4 * 1024 * 1024;
const READ_GROUP_FILES = 256;

/** A branch behind the native `git` program, for any transport that it speaks. */
export class NativeBranch implements GitBranch {
  readonly description: string;
  readonly #remote: Remote;
  readonly #store: NativeStore;
  readonly #onClose: () => Promise<void>;
  /** Keeps the newest known commit from being tidied away, and says after a restart that it is whole. */
  readonly #localRef: string;
  /** Has what an earlier process fetched been looked up? */
  #knowsLocalHead = false;
  #listing: { readonly commit: string; readonly entries: readonly TreeEntry[] } | undefined;

  constructor(remote: Remote, store: NativeStore, onClose: () => Promise<void>) {
    this.description = `${remote.display} (${remote.branch})`;
    this.#remote = remote;
    this.#store = store;
    this.#onClose = onClose;
    this.#localRef = `refs/lockkeeper/heads/${remote.branch}`;
  }

  async head(signal: AbortSignal): Promise<string> {
    const { url, ref, branch, display } = this.#remote;
    const result = await this.#store.contact(this.#remote, ['ls-remote', '--', url, ref], {
      signal,
      timeoutMs: LIST_TIMEOUT_MS,
    });
    if (result.code !== 0) throw remoteFailure(this.#remote, result.stderr);
    // The pattern also matches refs that merely end with this name.
    for (const line of result.stdout.toString('utf8').split('\n')) {
      const [id = '', name] = line.split('\t');
      if (name === ref) return id;
    }
    throw new AppError('git/not-found', `there is no branch ${branch} at ${display}`);
  }

  files(commit: string): FileSource {
    return {
      list: async (signal) => fileEntries(await this.#list(commit, signal)),
      read: (entries, maxBytes, signal) => this.#read({ commit, entries, maxBytes, signal }),
    };
  }

  async commit(request: CommitRequest, signal: AbortSignal): Promise<string> {
    const entries = await this.#list(request.parent, signal);
    const paths = new Set(request.files.map(({ path }) => path));
    const wanted = entries.filter(({ path }) => paths.has(path));
    const byPath = new Map(wanted.map((entry) => [entry.path, entry]));
    const modes = request.files.map(({ path }) => modeForWrite(path, byPath.get(path)));
    return this.#repairing(request.parent, signal, () =>
      this.#store.writes.run(async () => {
        const id = await importCommit(this.#store, { request, modes, signal });
        this.#store.complete.add(id);
        return id;
      }),
    );
  }

  async push(
    update: { readonly commit: string; readonly parent: string },
    signal: AbortSignal,
  ): Promise<PushResult> {
    await this.#checkParent(update, signal);
    const { url, ref } = this.#remote;
    const args = [
      'push',
      '--porcelain',
      '--no-verify',
      `--force-with-lease=${ref}:${update.parent}`,
      '--',
      url,
      `${update.commit}:${ref}`,
    ];
    const options = { signal, timeoutMs: TRANSFER_TIMEOUT_MS };
    const result = await this.#store.contact(this.#remote, args, options);
    if (result.code === 0) {
      await this.#store.writes.run(() =>
        this.#store.run(['update-ref', this.#localRef, update.commit], { signal }),
      );
      return { kind: 'pushed' };
    }
    // "!<TAB>from:to<TAB>[remote rejected] (reason)" (git-push, porcelain output)
    const refused = /^!\t[^\t]*\t\[[^\]]*\](?: \((.*)\))?$/m.exec(result.stdout.toString('utf8'));
    if (refused === null) throw remoteFailure(this.#remote, result.stderr);
    return readRefusal(this.#remote, refused[1] ?? 'rejected', serverWords(result.stderr));
  }

  close(): Promise<void> {
    return this.#onClose();
  }

  /** The lease compares the remote with `parent`; that makes it safe only for a child of `parent`. */
  async #checkParent(
    { commit, parent }: { commit: string; parent: string },
    signal: AbortSignal,
  ): Promise<void> {
    const [bytes] = await this.#store.objects.read([commit], signal);
    const text = Buffer.from(bytes ?? []).toString('latin1');
    if (/^tree .*\nparent ([0-9a-f]+)\n(?!parent )/.exec(text)?.[1] !== parent) {
      throw new AppError('git/store', `commit ${commit} is not made on ${parent}`);
    }
  }

  async #list(commit: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    if (this.#listing?.commit === commit) return this.#listing.entries;
    // Without sizes: they would take ten times as long, and only those of blobs to be read matter.
    const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
    const output = await this.#repairing(commit, signal, () =>
      this.#store.output('list a commit', args, { signal }),
    );
    const entries = parseListing(output);
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
    const entries = await this.#withSizes(request);
    for (const group of groupBySize(entries, maxBytes)) {
      const wanted = group.filter(({ size }) => size <= maxBytes);
      const blobs = await this.#repairing(commit, signal, () =>
        this.#store.objects.read(
          wanted.map(({ id }) => id),
          signal,
        ),
      );
      const bytes = new Map(wanted.map(({ id }, index) => [id, blobs[index]]));
      for (const { entry, id } of group) yield { entry, bytes: bytes.get(id) };
    }
  }

  async #withSizes(request: {
    readonly commit: string;
    readonly entries: readonly FileEntry[];
    readonly signal: AbortSignal;
  }): Promise<SizedEntry[]> {
    const { commit, signal } = request;
    const ids = await this.#ids(request);
    const sizes = await this.#repairing(commit, signal, () => this.#store.sizes(ids, signal));
    return request.entries.map((entry, index) => ({
      entry,
      id: ids[index] ?? '',
      size: sizes[index] ?? 0,
    }));
  }

  /** Entries may come from a caller that kept only paths. */
  async #ids({
    commit,
    entries,
    signal,
  }: {
    readonly commit: string;
    readonly entries: readonly FileEntry[];
    readonly signal: AbortSignal;
  }): Promise<string[]> {
    const lacking = new Set(entries.flatMap(({ id, path }) => (id === undefined ? [path] : [])));
    const listing = lacking.size === 0 ? [] : await this.#list(commit, signal);
    const found = listing.filter(({ path, mode }) => lacking.has(path) && mode !== SUBMODULE);
    const byPath = new Map(found.map(({ path, id }) => [path, id]));
    return entries.map(({ path, id = byPath.get(path) }) => {
      if (id !== undefined) return id;
      throw new AppError('file/unreadable', `${path} is not a file of commit ${commit}`);
    });
  }

  /** Runs with the commit's objects at hand; when the store turns out damaged, once more on a new one. */
  async #repairing<T>(commit: string, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    try {
      await this.#ensure(commit, signal);
      return await task();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'git/store') throw error;
      await this.#store.writes.run(() => this.#store.renew(signal));
      await this.#ensure(commit, signal);
      return task();
    }
  }

  async #ensure(commit: string, signal: AbortSignal): Promise<void> {
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

interface SizedEntry {
  readonly entry: FileEntry;
  readonly id: string;
  readonly size: number;
}

/** Splits entries so that each group's readable content stays within bounds; order is kept. */
function* groupBySize(entries: readonly SizedEntry[], maxBytes: number): Generator<SizedEntry[]> {
  let group: SizedEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entry.size <= maxBytes ? entry.size : 0;
    if (group.length >= READ_GROUP_FILES || (group.length > 0 && bytes + size > READ_GROUP_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += size;
  }
  if (group.length > 0) yield group;
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
