import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../engine.ts';
import type { Remote } from '../remote.ts';
import { SerialQueue } from '../serial-queue.ts';
import { withStore } from '../store-error.ts';
import type { StoreFolder } from '../store-folder.ts';
import { createBareRepo, resumeBareRepo } from './bare-repo.ts';
import { CommitStore } from './commit-store.ts';
import { storeFailure } from './failures.ts';
import { localEnvironment, remoteEnvironment, withSettings } from './git-environment.ts';
import { runGit, type GitResult } from './git-process.ts';
import { LoginFiles } from './login-files.ts';
import { ObjectReader } from './object-reader.ts';
import { explainRefusedLogin } from './refused-login.ts';

/** Local commands on a store of a very large repo stay far below this, in ms. */
const LOCAL_TIMEOUT_MS = 10 * 60_000;
/** Commits remembered to be whole; one that is not is fetched again at the cost of a request. */
const MAX_KNOWN_COMMITS = 20_000;

/** Of a trace, so much is read: what a server can do comes first. */
const MAX_TRACE_BYTES = 64 * 1024;

/** How `git` is run against a remote. */
interface RemoteRun {
  /** Default: the store itself. */
  readonly gitDir?: string;
  readonly settings?: readonly (readonly [string, string])[];
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** What one run inside the store needs. */
interface StoreRun {
  readonly input?: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

/**
 * A bare repo that caches one remote's objects. Whatever is in it can be fetched again, so damage is
 * answered by starting afresh.
 */
export class NativeStore {
  /** Bare repo below the store's folder. */
  readonly gitDir: string;
  /** Fetches and commits take turns: both write refs and may tidy up. */
  readonly writes = new SerialQueue();
  readonly objects: ObjectReader;
  /** History, where the remote gives it out without trees. */
  readonly history: CommitStore;
  /** Commits that this process saw arrive with their trees and blobs. */
  readonly complete = new Set<string>();
  /** What remotes are reached with. */
  readonly logins: LoginFiles;
  /** Has what earlier processes fetched been looked up? */
  #knowsRefs = false;
  readonly #folder: StoreFolder;
  readonly #ambient: Environment;

  private constructor(folder: StoreFolder, ambient: Environment) {
    this.#folder = folder;
    this.#ambient = ambient;
    this.gitDir = join(folder.path, 'repo');
    this.logins = new LoginFiles(join(folder.path, 'secrets'));
    const env = localEnvironment(ambient);
    this.objects = new ObjectReader(this.gitDir, env);
    this.history = new CommitStore(join(folder.path, 'history'), env);
  }

  /** Opens the store in a folder that this process holds; leftovers of a killed run are removed. */
  static async open(
    folder: StoreFolder,
    ambient: Environment,
    signal: AbortSignal,
  ): Promise<NativeStore> {
    const store = new NativeStore(folder, ambient);
    await store.logins.removeAll();
    if (!(await resumeBareRepo(store.gitDir))) await store.#create(signal);
    return store;
  }

  /** Throws everything away and starts afresh. */
  async renew(signal: AbortSignal): Promise<void> {
    this.objects.close();
    this.complete.clear();
    await this.history.remove();
    await this.#create(signal);
  }

  /** Are this commit's trees and blobs known to be here? */
  async isComplete(commit: string, signal: AbortSignal): Promise<boolean> {
    if (!this.#knowsRefs) await this.addReachable('--glob=refs/lockkeeper/*', signal);
    this.#knowsRefs = true;
    return this.complete.has(commit);
  }

  /** Takes in that the history of a local ref is complete, as far as it was fetched. */
  async addReachable(ref: string, signal: AbortSignal): Promise<void> {
    const args = ['rev-list', `--max-count=${MAX_KNOWN_COMMITS}`, ref];
    const ids = (await this.output('list commits', args, { signal })).toString('latin1');
    for (const id of ids.split('\n')) if (id !== '') this.complete.add(id);
  }

  /** The commit of a local ref, if there is one. */
  async resolve(ref: string, signal: AbortSignal): Promise<string> {
    const args = ['for-each-ref', '--format=%(objectname)', ref];
    return (await this.run(args, { signal })).stdout.toString('latin1').trim();
  }

  /** Runs `git` in the store, with no remote in play. */
  run(args: readonly string[], { input, signal }: StoreRun): Promise<GitResult> {
    return runGit({
      args: [`--git-dir=${this.gitDir}`, ...args],
      env: localEnvironment(this.#ambient),
      ...(input === undefined ? {} : { input }),
      signal,
      timeoutMs: LOCAL_TIMEOUT_MS,
    });
  }

  /** As {@link run}. @throws AppError `git/store` unless it succeeds */
  async output(what: string, args: readonly string[], run: StoreRun): Promise<Buffer> {
    const result = await this.run(args, run);
    if (result.code !== 0) throw storeFailure(what, result.stderr);
    return result.stdout;
  }

  /**
   * Runs `git` against the remote; any exit code is a result.
   * @throws AppError when a login was refused and there is more to say of it than `git` does
   */
  async contact(
    remote: Remote,
    args: readonly string[],
    run: RemoteRun & { readonly env?: Readonly<Record<string, string>> },
  ): Promise<GitResult> {
    const { gitDir = this.gitDir, settings = [], signal, timeoutMs } = run;
    const files = await withStore('write a login', () => this.logins.write(remote));
    const env = remoteEnvironment(this.#ambient, remote, files);
    const result = await runGit({
      args: [`--git-dir=${gitDir}`, ...args],
      env: { ...withSettings(env, settings), ...run.env },
      signal,
      timeoutMs,
    });
    if (result.code !== 0) {
      const { identity } = files;
      await explainRefusedLogin(remote, { args, env, identity, stderr: result.stderr, signal });
    }
    return result;
  }

  /**
   * As {@link contact}, with the beginning of what both sides said, packet by packet: `git` tells nobody
   * else what a server can do (git, "GIT_TRACE_PACKET").
   */
  async contactTraced(
    remote: Remote,
    args: readonly string[],
    run: RemoteRun,
  ): Promise<{ readonly result: GitResult; readonly packets: string }> {
    const path = await withStore('start', () => this.logins.temporary('trace'));
    try {
      const result = await this.contact(remote, args, { ...run, env: { GIT_TRACE_PACKET: path } });
      return { result, packets: await readStart(path) };
    } finally {
      await rm(path, { force: true });
    }
  }

  async close(): Promise<void> {
    this.objects.close();
    this.history.close();
    await this.logins.removeAll();
    await this.#folder.release();
  }

  #create(signal: AbortSignal): Promise<void> {
    return createBareRepo(this.gitDir, localEnvironment(this.#ambient), signal);
  }
}

/** Beginning of a file that need not be there. */
async function readStart(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_TRACE_BYTES));
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
