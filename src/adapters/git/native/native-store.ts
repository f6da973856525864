import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BranchPlaces } from '../branch-places.ts';
import type { Environment } from '../engine.ts';
import type { Remote } from '../remote.ts';
import { SerialQueue } from '../serial-queue.ts';
import { withStore } from '../store-error.ts';
import type { StoreFolder } from '../store-folder.ts';
import { localEnvironment, remoteEnvironment, withSettings } from './git-environment.ts';
import { runGit, type GitResult } from './git-process.ts';
import { LoginFiles } from './login-files.ts';
import { NativeRepo } from './native-repo.ts';
import { explainRefusedLogin } from './refused-login.ts';

/** Of a trace, so much is read: what a server can do comes first. */
const MAX_TRACE_BYTES = 64 * 1024;

/** How `git` is run against a remote. */
interface RemoteRun {
  readonly gitDir: string;
  readonly settings?: readonly (readonly [string, string])[];
  readonly input?: readonly Uint8Array[];
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** The objects of one remote on disk, in bare repos. What is in them can be fetched again. */
export class NativeStore {
  /** Commits with trees and blobs. */
  readonly whole: NativeRepo;
  /** Commits with trees, and of their blobs those that were asked for. */
  readonly trees: NativeRepo;
  /** Commits alone. */
  readonly history: NativeRepo;
  /** Fetches and commits take turns: both write refs and may tidy up. */
  readonly writes = new SerialQueue();
  /** What remotes are reached with. */
  readonly logins: LoginFiles;
  /** Does the remote leave out what is not asked for? Undefined: it has not been contacted yet. */
  filters: boolean | undefined;
  readonly places: BranchPlaces<NativeRepo>;
  readonly #folder: StoreFolder;
  readonly #ambient: Environment;

  private constructor(folder: StoreFolder, ambient: Environment) {
    this.#folder = folder;
    this.#ambient = ambient;
    this.logins = new LoginFiles(join(folder.path, 'secrets'));
    const env = localEnvironment(ambient);
    const repo = (name: string) => new NativeRepo(join(folder.path, name), env);
    [this.whole, this.trees, this.history] = [repo('repo'), repo('trees'), repo('history')];
    this.places = new BranchPlaces(this);
  }

  /** Opens the store in a folder that this process holds; leftovers of a killed run are removed. */
  static async open(
    folder: StoreFolder,
    ambient: Environment,
    signal: AbortSignal,
  ): Promise<NativeStore> {
    const store = new NativeStore(folder, ambient);
    await store.logins.removeAll();
    for (const repo of store.#repos) await repo.resume();
    await store.whole.create(signal);
    return store;
  }

  /** Throws everything away and starts afresh. */
  async renew(signal: AbortSignal): Promise<void> {
    await this.history.remove();
    await this.trees.remove();
    await this.whole.renew(signal);
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
    const { gitDir, settings = [], input, signal, timeoutMs } = run;
    const files = await withStore('write a login', () => this.logins.write(remote));
    const env = remoteEnvironment(this.#ambient, remote, files);
    const result = await runGit({
      args: [`--git-dir=${gitDir}`, ...args],
      env: { ...withSettings(env, settings), ...run.env },
      ...(input === undefined ? {} : { input }),
      signal,
      timeoutMs,
      remote: remote.display,
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
    for (const repo of this.#repos) repo.close();
    await this.logins.removeAll();
    await this.#folder.release();
  }

  get #repos(): readonly NativeRepo[] {
    return [this.whole, this.trees, this.history];
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
