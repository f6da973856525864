import { AppError } from '../../src/domain/errors.ts';
import { MAX_LISTED } from '../../src/domain/pull-requests/max-listed.ts';
import type {
  Forge,
  PullRequest,
  PullRequestExtras,
  PullRequestQuery,
  PullRequestText,
} from '../../src/ports/forge.ts';

/** A pull request with what only its forge knows. */
export interface MemoryPullRequest extends PullRequest {
  readonly base: string;
  readonly comments: readonly string[];
  readonly extras?: PullRequestExtras;
}

/** A forge that keeps its pull requests in memory. */
export class MemoryForge implements Forge {
  readonly all: MemoryPullRequest[] = [];
  /** Calls, by name. */
  readonly calls: string[] = [];
  /** Fails the next call with it. */
  failure: AppError | undefined;
  /** Runs before each call, and may throw. */
  beforeCall: (name: string) => void = () => undefined;
  /** What `decorate` says could not be had. */
  problems: readonly string[] = [];

  async list({ base, branch, state }: PullRequestQuery): Promise<readonly PullRequest[]> {
    this.#called('list');
    return this.all
      .filter((one) => one.base === base && (branch === undefined || one.branch === branch))
      .filter((one) => (state === 'open') === (one.state === 'open'))
      .toReversed()
      .slice(0, MAX_LISTED);
  }

  async create(request: PullRequestText & { branch: string; base: string }): Promise<PullRequest> {
    this.#called('create');
    const isThere = this.all.some(
      ({ branch, state }) => branch === request.branch && state === 'open',
    );
    if (isThere) throw new AppError('forge/rejected', 'there is one already');
    const number = this.all.length + 1;
    const url = `https://git.example.com/config/pulls/${number}`;
    const made = { ...request, number, url, state: 'open' as const, comments: [] };
    this.all.push(made);
    return made;
  }

  async edit(number: number, text: PullRequestText): Promise<void> {
    this.#called('edit');
    this.#change(number, text);
  }

  async close(number: number, comment: string): Promise<void> {
    this.#called('close');
    const { comments } = this.#get(number);
    this.#change(number, { state: 'closed', comments: [...comments, comment] });
  }

  async decorate(number: number, extras: PullRequestExtras): Promise<readonly string[]> {
    this.#called('decorate');
    this.#change(number, { extras });
    return this.problems;
  }

  /** What a person does in the browser. */
  end(
    number: number,
    state: 'closed' | 'merged',
    closing: Pick<PullRequest, 'closedBy' | 'closedAt'> = {},
  ): void {
    this.#change(number, { state, ...closing });
  }

  /** The same, of one that was closed. */
  reopen(number: number): void {
    this.#change(number, { state: 'open' });
  }

  #called(name: string): void {
    this.calls.push(name);
    this.beforeCall(name);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #get(number: number): MemoryPullRequest {
    const found = this.all.find((one) => one.number === number);
    if (found === undefined) throw new AppError('forge/not-found', `there is no ${number}`);
    return found;
  }

  #change(number: number, to: Partial<MemoryPullRequest>): void {
    const index = this.all.indexOf(this.#get(number));
    this.all[index] = { ...this.#get(number), ...to };
  }
}
