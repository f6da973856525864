import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import pLimit, { type LimitFunction } from 'p-limit';
import type { GitAccess, GitBranch, Ports, StateFiles } from '../../ports/ports.ts';
import { IdleBranches } from '../branches/idle-branches.ts';
import { ToldRefs } from '../branches/told-refs.ts';
import { HoldMemory } from '../holds/hold-memory.ts';
import { commitSigners } from '../access/commit-signer.ts';
import type { KeptFiles } from '../read/known-files.ts';
import { ManifestReader } from '../read/manifest-reader.ts';
import { desksAt } from '../pull-requests/pull-request-desk.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import { viewsOver } from '../scan/recorded-memories.ts';
import type { Batches } from './batches.ts';
import type { BranchWriter } from './push-commits.ts';
import { updateBranch, type BranchContext, type CarriedOutPass } from './update-branch.ts';
import type { PassRequest } from './pass-request.ts';

/** An open branch with what is known of its files. */
interface Session {
  /** As it was opened with. */
  readonly access: GitAccess;
  readonly branch: GitBranch;
  readonly context: BranchContext;
  readonly toldRefs: ToldRefs;
  readonly idle: IdleBranches;
  /** Was the outcome of the first pass, the one that may have read the whole repo, saved? */
  isSaved: boolean;
}

/** What a piece of work on a branch is given. */
export interface BranchWork {
  readonly writer: BranchWriter;
  readonly context: BranchContext;
}

/** How work on a branch is done. */
export interface WorkOptions {
  readonly dryRun: boolean;
  /** Asked just before each push; see {@link BranchWriter}. */
  readonly mayWrite?: () => boolean;
  /** See {@link BranchWriter}. */
  readonly onRetry?: (reason: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The branches that one process works on: one store and one queue for each, however many automations
 * and commands use it. A session that failed is opened anew, and so is one for another login: what one
 * user of a branch may do says nothing about the next.
 */
export class BranchSessions {
  readonly #ports: Ports;
  readonly #views: PolicyViews;
  readonly #batches: Batches | undefined;
  readonly #queues = new Map<string, LimitFunction>();
  readonly #sessions = new Map<string, Session>();

  /** @param batches where changes may wait for more; without it none do */
  constructor(ports: Ports, views: PolicyViews, batches?: Batches) {
    this.#ports = ports;
    this.#views = views;
    this.#batches = batches;
  }

  /** One update pass. */
  update(access: GitAccess, request: PassRequest, options: WorkOptions): Promise<CarriedOutPass> {
    return this.run(access, options, ({ context, writer }) =>
      updateBranch(context, writer, request, options.signal),
    );
  }

  /** Does work on a branch when it is its turn. */
  async run<T>(
    access: GitAccess,
    options: WorkOptions,
    work: (given: BranchWork) => Promise<T>,
  ): Promise<T> {
    const key = branchKey(access);
    const queue = this.#queues.get(key) ?? pLimit(1);
    this.#queues.set(key, queue);
    return queue(async () => {
      const session = await this.#session(key, access, options.signal);
      try {
        const result = await work({
          writer: this.#writer(session, options),
          context: session.context,
        });
        if (!session.isSaved || session.toldRefs.changed) await this.#remember(session);
        return result;
      } catch (error) {
        this.#sessions.delete(key);
        // What was learnt is kept; the first failure is the one to tell.
        await Promise.allSettled([session.branch.close(), this.#remember(session)]);
        throw error;
      }
    });
  }

  /** Lets go of a branch that nobody works on any more; what was learnt of it is saved. */
  async drop(of: Pick<GitAccess, 'url' | 'branch'>): Promise<void> {
    const key = branchKey(of);
    await this.#queues.get(key)?.(() => this.#close(key));
  }

  /** Closes every branch; their stores stay on disk. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.#close(key)));
  }

  async #close(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    await session.branch.close();
    await this.#remember(session);
  }

  #writer(
    { branch, toldRefs, idle }: Session,
    { dryRun, mayWrite, onRetry }: WorkOptions,
  ): BranchWriter {
    const { clock, random } = this.#ports;
    return {
      branch,
      clock,
      random,
      dryRun,
      toldRefs,
      idle,
      ...(mayWrite === undefined ? {} : { mayWrite }),
      ...(onRetry === undefined ? {} : { onRetry }),
    };
  }

  async #session(key: string, access: GitAccess, signal: AbortSignal): Promise<Session> {
    const open = this.#sessions.get(key);
    if (open !== undefined && JSON.stringify(open.access) === JSON.stringify(access)) return open;
    await this.#close(key);
    return this.#open(key, access, signal);
  }

  async #open(key: string, access: GitAccess, signal: AbortSignal): Promise<Session> {
    const branch = await this.#ports.open.branch(access, signal);
    const { clock, cron, state, records } = this.#ports;
    const toldRefs = ToldRefs.from(await records.load(refsOf(key)));
    const context = {
      reader: new ManifestReader(keptFiles(state, key)),
      views: this.#views,
      now: () => clock.now(),
      cron,
      holds: new HoldMemory(),
      signerOf: commitSigners(this.#ports, access),
      openDesk: desksAt(access, this.#ports),
      ...(this.#batches === undefined ? {} : { batches: this.#batches }),
    };
    const idle = new IdleBranches();
    const session = { access, branch, context, toldRefs, idle, isSaved: false };
    this.#sessions.set(key, session);
    return session;
  }

  /**
   * Saves what was learnt. Once after the first pass, and at the end: saving costs what is marked in the repo,
   * and all that a killed process loses is a second look at the files that changed in between.
   */
  async #remember(session: Session): Promise<void> {
    const { context, toldRefs, access } = session;
    await context.reader.remember();
    if (toldRefs.changed) {
      await this.#ports.records.save(refsOf(branchKey(access)), toldRefs.save());
    }
    session.isSaved = true;
  }
}

/** What the files of a branch hold, as it is kept between runs. */
function keptFiles(state: StateFiles, key: string): KeptFiles {
  const name = (strategy: UpdateStrategy) => `files for ${strategy} of ${key}`;
  return {
    load: (strategy) => state.load(name(strategy)),
    save: (strategy, value) => state.save(name(strategy), value),
  };
}

function refsOf(key: string): string {
  return `refs told of ${key}`;
}

function branchKey({ url, branch }: Pick<GitAccess, 'url' | 'branch'>): string {
  return `${branch} at ${url}`;
}

/** One piece of work on one branch, for commands that end after it. */
export async function onBranch<T>(
  ports: Ports,
  access: GitAccess,
  options: WorkOptions,
  work: (given: BranchWork) => Promise<T>,
): Promise<T> {
  const sessions = new BranchSessions(ports, viewsOver(ports));
  try {
    return await sessions.run(access, options, work);
  } finally {
    await sessions.close();
  }
}
