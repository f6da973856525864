import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Remote } from '../remote.ts';
import { createBareRepo, resumeBareRepo } from './bare-repo.ts';
import { isStoreTrouble, remoteFailure, storeFailure } from './failures.ts';
import type { GitResult } from './git-process.ts';
import { ObjectReader } from './object-reader.ts';

const TRANSFER_TIMEOUT_MS = 30 * 60_000;
/** Each fetch adds a pack; beyond so many, one fresh fetch is cheaper than looking through them. */
const MAX_PACKS = 50;
/** How the remote is called in settings. */
const NAME = 'lockkeeper';

/** Runs `git` against the remote in a repo, with further settings. */
type Contact = (
  remote: Remote,
  args: readonly string[],
  run: {
    readonly gitDir: string;
    readonly settings: readonly (readonly [string, string])[];
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  },
) => Promise<GitResult>;

/**
 * Commits of a remote's history without their trees (`--filter=tree:0`), which cost the same however large the
 * repo is. They are in a bare repo of their own: in one that misses objects, what is asked for may be fetched
 * behind our back, one by one, and a commit that is there says nothing of its trees. So that it is a partial
 * clone is told to `git fetch` alone; the repo's own settings do not say so, and no read ever contacts a remote.
 */
export class CommitStore {
  readonly #gitDir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #reader: ObjectReader;
  #isOpen = false;

  /** @param env for `git` with no remote in play */
  constructor(gitDir: string, env: Readonly<Record<string, string>>) {
    this.#gitDir = gitDir;
    this.#env = env;
    this.#reader = new ObjectReader(gitDir, env);
  }

  /**
   * Fetches a commit and those before it, as far as `depth` commits along any line.
   * @throws AppError what the remote said, or `git/store`
   */
  async fetch(
    contact: Contact,
    wanted: { readonly remote: Remote; readonly commit: string; readonly depth: number },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#open(signal);
    const { remote, commit, depth } = wanted;
    const args = [
      'fetch',
      '--quiet',
      '--filter=tree:0',
      `--depth=${depth}`,
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--',
      NAME,
      // A ref of its own: what earlier ones reach is offered as known.
      `+${commit}:refs/lockkeeper/history/${commit}`,
    ];
    const settings = [
      [`remote.${NAME}.url`, remote.url],
      [`remote.${NAME}.promisor`, 'true'],
      [`remote.${NAME}.partialCloneFilter`, 'tree:0'],
      // Offers a few of a long line and goes on to the next: all lines are told of in one exchange.
      ['fetch.negotiationAlgorithm', 'skipping'],
    ] as const;
    const run = { gitDir: this.#gitDir, settings, signal, timeoutMs: TRANSFER_TIMEOUT_MS };
    const result = await contact(remote, args, run);
    if (result.code === 0) return;
    if (!isStoreTrouble(result.stderr)) throw remoteFailure(remote, result.stderr);
    await this.remove();
    throw storeFailure('take in commits', result.stderr);
  }

  /** Content of a commit object, if it is here. */
  async readIfPresent(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (!this.#isOpen && !(await this.#resume())) return undefined;
    return this.#reader.readIfPresent(id, signal);
  }

  /** Throws everything away. */
  async remove(): Promise<void> {
    this.close();
    this.#isOpen = false;
    await rm(this.#gitDir, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Ends helper processes. */
  close(): void {
    this.#reader.close();
  }

  async #open(signal: AbortSignal): Promise<void> {
    if ((this.#isOpen || (await this.#resume())) && (await this.#countPacks()) <= MAX_PACKS) return;
    this.close();
    await createBareRepo(this.#gitDir, this.#env, signal);
    this.#isOpen = true;
  }

  async #resume(): Promise<boolean> {
    this.#isOpen = await resumeBareRepo(this.#gitDir);
    return this.#isOpen;
  }

  async #countPacks(): Promise<number> {
    const names = await readdir(join(this.#gitDir, 'objects', 'pack')).catch(() => []);
    return names.filter((name) => name.endsWith('.pack')).length;
  }
}
