import { AppError } from '../../../domain/errors.ts';
import { idBatches } from '../id-batches.ts';
import type { Remote } from '../remote.ts';
import { isStoreTrouble, refusedPart, remoteFailure, storeFailure } from './failures.ts';
import type { GitResult } from './git-process.ts';
import type { NativeRepo } from './native-repo.ts';
import type { NativeStore } from './native-store.ts';

/** A fetch may move a whole repo. In ms. */
const TRANSFER_TIMEOUT_MS = 30 * 60_000;
/** How the remote is called in settings. */
const NAME = 'lockkeeper';

/**
 * Each fetch adds a pack. Where objects are left out they are not tidied up by `git gc`, which looks for them: beyond so
 * many packs, one fresh fetch is cheaper than looking through them. Commits are had again for less than trees.
 */
const MAX_PACKS = { 'tree:0': 50, 'blob:none': 200 };

const ARGS = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];

/** What a fetch is to bring, and under which local ref. */
export interface WantedHistory {
  readonly commit: string;
  /** 1: the commit alone. */
  readonly depth: number;
  readonly kept: string;
}

/** A fetch that leaves objects out. */
interface FilteredFetch {
  readonly repo: NativeRepo;
  /** As git-rev-list has it. */
  readonly filter: keyof typeof MAX_PACKS;
  readonly refspecs: readonly string[];
  readonly depth?: number;
  /** How it is found out what need not be sent. */
  readonly negotiation?: 'skipping' | 'noop';
}

/** Fetches from one remote into the repos of a store; one at a time. All throw AppError: what the remote said, `git/store`. */
export class NativeFetch {
  readonly #remote: Remote;
  readonly #store: NativeStore;

  constructor(remote: Remote, store: NativeStore) {
    this.#remote = remote;
    this.#store = store;
  }

  /**
   * A commit and those before it, with trees and blobs.
   * @throws AppError `git/not-found` when the commit is no longer at the remote
   */
  async whole(wanted: WantedHistory, signal: AbortSignal): Promise<void> {
    const { whole } = this.#store;
    const direct = await this.#wholeBy(wanted.commit, wanted, signal);
    if (direct.code === 0) return;
    // Servers before protocol v2 give out branches only.
    if (/not our ref|unadvertised object/.test(direct.stderr)) {
      const byBranch = await this.#wholeBy(this.#remote.ref, wanted, signal);
      const isIt = async () => (await whole.resolve(wanted.kept, signal)) === wanted.commit;
      if (byBranch.code === 0 && (await isIt())) return;
      throw new AppError(
        'git/not-found',
        `commit ${wanted.commit} is no longer on ${this.#remote.branch} at ${this.#remote.display}; try again`,
        { retry: true },
      );
    }
    throw this.#failure(direct.stderr);
  }

  /** As {@link whole}, without blobs. @throws AppError `git/unsupported` when the remote does not leave them out */
  async trees({ commit, depth, kept }: WantedHistory, signal: AbortSignal): Promise<void> {
    const refspecs = [`+${commit}:${kept}`];
    const { trees: repo } = this.#store;
    await this.#filtered({ repo, filter: 'blob:none', depth, refspecs }, signal);
  }

  /** Blobs by their ids. @throws AppError `git/unsupported` when the remote gives none out so */
  async blobs(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const { trees: repo } = this.#store;
    for (const refspecs of idBatches(ids)) {
      // What is here is of no use: they are sent as they are.
      const negotiation = 'noop';
      await this.#filtered({ repo, filter: 'blob:none', refspecs, negotiation }, signal);
    }
  }

  /** A commit and those before it, without trees. */
  async commits({ commit, depth }: Omit<WantedHistory, 'kept'>, signal: AbortSignal) {
    // A ref of its own: what earlier ones reach is offered as known.
    const refspecs = [`+${commit}:refs/lockkeeper/history/${commit}`];
    const { history: repo } = this.#store;
    // Offers a few of a long line and goes on to the next: all lines are told of in one exchange.
    const negotiation = 'skipping';
    await this.#filtered({ repo, filter: 'tree:0', depth, refspecs, negotiation }, signal);
  }

  #wholeBy(source: string, wanted: WantedHistory, signal: AbortSignal): Promise<GitResult> {
    const refspec = `+${source}:${wanted.kept}`;
    const args = [...ARGS, `--depth=${wanted.depth}`, '--', this.#remote.url, refspec];
    const { gitDir } = this.#store.whole;
    const run = { gitDir, signal, timeoutMs: TRANSFER_TIMEOUT_MS };
    return this.#store.contact(this.#remote, args, run);
  }

  /**
   * That the repo is a partial clone is told to this one run, and its own settings do not say so: hence no other run
   * contacts the remote for what is missing, behind our back.
   */
  async #filtered(fetch: FilteredFetch, signal: AbortSignal): Promise<void> {
    const { repo, filter, refspecs, depth, negotiation = 'consecutive' } = fetch;
    if ((await repo.countPacks()) > MAX_PACKS[filter]) await repo.renew(signal);
    else await repo.create(signal);
    const args = [
      ...ARGS,
      '--no-auto-maintenance',
      `--filter=${filter}`,
      ...(depth === undefined ? [] : [`--depth=${depth}`]),
      '--stdin',
      NAME,
    ];
    const { stderr, code } = await this.#store.contact(this.#remote, args, {
      gitDir: repo.gitDir,
      settings: [
        [`remote.${NAME}.url`, this.#remote.url],
        [`remote.${NAME}.promisor`, 'true'],
        [`remote.${NAME}.partialCloneFilter`, filter],
        ['fetch.negotiationAlgorithm', negotiation],
      ],
      input: [Buffer.from(refspecs.map((refspec) => `${refspec}\n`).join(''))],
      signal,
      timeoutMs: TRANSFER_TIMEOUT_MS,
    });
    if (code === 0) return;
    throw refusedPart(this.#remote, stderr) ?? this.#failure(stderr);
  }

  #failure(stderr: string): AppError {
    return isStoreTrouble(stderr)
      ? storeFailure('take in a fetch', stderr)
      : remoteFailure(this.#remote, stderr);
  }
}
