import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommitRepo } from '../branch-places.ts';
import { withStore } from '../store-error.ts';
import { createBareRepo, resumeBareRepo } from './bare-repo.ts';
import { storeFailure } from './failures.ts';
import { runGit, type GitResult } from './git-process.ts';
import { ObjectReader } from './object-reader.ts';

/** Local commands on a store of a very large repo stay far below this, in ms. */
const LOCAL_TIMEOUT_MS = 10 * 60_000;
/** Commits remembered to be here; one that is not is fetched again at the cost of a request. */
const MAX_KNOWN_COMMITS = 20_000;

/** What one run inside the repo needs. */
interface RepoRun {
  readonly input?: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

/**
 * A bare repo that caches a remote's objects. Whatever is in it can be fetched again, so damage is answered by
 * starting afresh.
 */
export class NativeRepo implements CommitRepo {
  readonly gitDir: string;
  readonly objects: ObjectReader;
  /** Commits that are known to have arrived, with all that the repo has of a commit. */
  readonly complete = new Set<string>();
  readonly #env: Readonly<Record<string, string>>;
  #isThere = false;
  /** Has what earlier processes fetched been looked up? */
  #knowsRefs = false;

  /** @param env for `git` with no remote in play */
  constructor(gitDir: string, env: Readonly<Record<string, string>>) {
    this.gitDir = gitDir;
    this.#env = env;
    this.objects = new ObjectReader(gitDir, env);
  }

  /** Takes up what an earlier process left, if it left a repo; to be called once, before anything else. */
  async resume(): Promise<void> {
    this.#isThere = await resumeBareRepo(this.gitDir);
  }

  /** Makes the repo where there is none; until then it is empty. */
  async create(signal: AbortSignal): Promise<void> {
    if (!this.#isThere) await this.renew(signal);
  }

  /** Throws everything away and starts afresh. */
  async renew(signal: AbortSignal): Promise<void> {
    this.#forget();
    await withStore('start', () => createBareRepo(this.gitDir, this.#env, signal));
    this.#isThere = true;
  }

  /** Throws everything away. */
  async remove(): Promise<void> {
    this.#forget();
    const options = { recursive: true, force: true, maxRetries: 3 };
    await withStore('start', () => rm(this.gitDir, options));
  }

  /** Has nothing been fetched yet? */
  async isEmpty(signal: AbortSignal): Promise<boolean> {
    if (this.#isThere && !this.#knowsRefs) {
      await this.addReachable('--glob=refs/lockkeeper/*', signal);
      this.#knowsRefs = true;
    }
    return this.complete.size === 0;
  }

  /** Is this commit known to be here? */
  async isComplete(commit: string, signal: AbortSignal): Promise<boolean> {
    return !(await this.isEmpty(signal)) && this.complete.has(commit);
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

  /** Runs `git` in the repo, with no remote in play. */
  run(args: readonly string[], { input, signal }: RepoRun): Promise<GitResult> {
    return runGit({
      args: [`--git-dir=${this.gitDir}`, ...args],
      env: this.#env,
      ...(input === undefined ? {} : { input }),
      signal,
      timeoutMs: LOCAL_TIMEOUT_MS,
    });
  }

  /** As {@link run}. @throws AppError `git/store` unless it succeeds */
  async output(what: string, args: readonly string[], run: RepoRun): Promise<Buffer> {
    const result = await this.run(args, run);
    if (result.code !== 0) throw storeFailure(what, result.stderr);
    return result.stdout;
  }

  /** Content of an object, if it is here. */
  async readIfPresent(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#isThere ? this.objects.readIfPresent(id, signal) : undefined;
  }

  /** How many packs there are: each fetch adds one. */
  async countPacks(): Promise<number> {
    const names = await readdir(join(this.gitDir, 'objects', 'pack')).catch(() => []);
    return names.filter((name) => name.endsWith('.pack')).length;
  }

  /** Ends helper processes. */
  close(): void {
    this.objects.close();
  }

  #forget(): void {
    this.close();
    this.complete.clear();
    this.#isThere = false;
  }
}
