import { AppError } from '../../domain/errors.ts';
import { MAX_LISTED } from '../../domain/pull-requests/max-listed.ts';
import type { Forge, NewPullRequest, PullRequest, PullRequestText } from '../../ports/forge.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import { forgeAccess } from '../access/forge-access.ts';
import { EndedMemory } from './ended-memory.ts';

/** What a desk works with. */
export interface DeskPorts {
  readonly forge: Forge;
  /** Branch that pull requests are to be merged into. */
  readonly base: string;
  /** Commit that it is at. */
  readonly head: string;
  readonly ended: EndedMemory;
}

/**
 * Opens the desk of an automation; undefined where it opens no pull requests.
 * @throws AppError those of `forgeAccess`, and of {@link Opener.forge}
 */
export type DeskOpener = (
  request: {
    readonly automation: ImageUpdateAutomation;
    /** Commit that the branch is at. */
    readonly head: string;
    readonly isLent: boolean;
  },
  signal: AbortSignal,
) => Promise<PullRequestDesk | undefined>;

/** Desks for a branch that is reached in one way. */
export function desksAt(
  git: GitAccess,
  ports: Pick<Ports, 'open' | 'secrets' | 'gitLogins'>,
): DeskOpener {
  const ended = new EndedMemory();
  return async ({ automation, head, isLent }, signal) => {
    const access = await forgeAccess({ automation, git, isLent }, ports, signal);
    if (access === undefined) return undefined;
    return new PullRequestDesk({
      forge: await ports.open.forge(access),
      base: git.branch,
      head,
      ended,
    });
  };
}

/** The pull requests into one branch, as one pass sees them: each list is asked for once. */
export class PullRequestDesk {
  readonly #ports: DeskPorts;
  #open: Promise<readonly PullRequest[]> | undefined;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
  }

  /** Those that are open, the newest first; see {@link find} for when there are more than a list has. */
  open(signal: AbortSignal): Promise<readonly PullRequest[]> {
    const { forge, base } = this.#ports;
    return (this.#open ??= forge.list({ base, state: 'open' }, signal));
  }

  /** The open one from a branch; undefined: there is none. */
  async find(branch: string, signal: AbortSignal): Promise<PullRequest | undefined> {
    const all = await this.open(signal);
    const found = all.find((request) => request.branch === branch);
    if (found !== undefined || all.length < MAX_LISTED) return found;
    return this.#ask(branch, signal);
  }

  /** Those from a branch that were merged or closed, the newest first: as they were last listed at this head. */
  known(branch: string): readonly PullRequest[] | undefined {
    const { ended, head } = this.#ports;
    return ended.of(head, branch);
  }

  /** The same, as they are now. */
  async ended(branch: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const { forge, base, ended, head } = this.#ports;
    const found = await forge.list({ base, branch, state: 'ended' }, signal);
    ended.learn(head, branch, found);
    return found;
  }

  /**
   * Opens one. Where there is one by now, or a list did not have it, that one is given back.
   * @throws AppError `forge/rejected` when the forge takes none, for whatever reason
   */
  async create(
    request: Omit<NewPullRequest, 'base'>,
    signal: AbortSignal,
  ): Promise<{ readonly isNew: boolean; readonly request: PullRequest }> {
    const { forge, base } = this.#ports;
    try {
      return { isNew: true, request: await forge.create({ ...request, base }, signal) };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'forge/rejected') throw error;
      const there = await this.#ask(request.branch, signal);
      if (there === undefined) throw error;
      return { isNew: false, request: there };
    }
  }

  /**
   * Gives one another text. One that was merged or closed meanwhile keeps what it has.
   * @throws AppError `forge/rejected` when the forge does not take it, for whatever reason
   */
  async edit(request: PullRequest, text: PullRequestText, signal: AbortSignal): Promise<void> {
    try {
      await this.#ports.forge.edit(request.number, text, signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'forge/rejected') throw error;
      const open = await this.#ask(request.branch, signal);
      if (open?.number === request.number) throw error;
    }
  }

  close({ number }: PullRequest, comment: string, signal: AbortSignal): Promise<void> {
    return this.#ports.forge.close(number, comment, signal);
  }

  decorate(
    { number }: PullRequest,
    extras: Parameters<Forge['decorate']>[1],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return this.#ports.forge.decorate(number, extras, signal);
  }

  async #ask(branch: string, signal: AbortSignal): Promise<PullRequest | undefined> {
    const { forge, base } = this.#ports;
    const [found] = await forge.list({ base, branch, state: 'open' }, signal);
    return found;
  }
}
