import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { teamOf } from '../../domain/pull-requests/team-reviewer.ts';
import type {
  Forge,
  NewPullRequest,
  PullRequest,
  PullRequestExtras,
  PullRequestQuery,
  PullRequestText,
} from '../../ports/forge.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp } from './forge-http.ts';
import { closingOf } from './closing.ts';

const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  node_id: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullish(),
  closed_at: z.string().nullish(),
  // Null: of a fork that is gone.
  head: z.object({ ref: z.string(), repo: z.object({ id: z.int() }).nullish() }),
  base: z.object({ repo: z.object({ id: z.int() }) }),
});

const GraphQl = z.object({ errors: z.array(z.object({ message: z.string() })).optional() });

const ENABLE_AUTO_MERGE =
  'mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }';

/**
 * GitHub and GitHub Enterprise Server: the REST API (docs.github.com/rest/pulls), and GraphQL for
 * auto-merge, which REST does not have.
 */
export class GitHub implements Forge {
  readonly #http: ForgeHttp;
  readonly #graphQl: ForgeHttp;
  readonly #owner: string;
  /** Path of the repo in the API. */
  readonly #repo: string;

  /**
   * @param graphQl speaks to the host's GraphQL endpoint
   * @param path owner and name of the repo
   */
  constructor(http: ForgeHttp, graphQl: ForgeHttp, path: readonly string[]) {
    this.#http = http;
    this.#graphQl = graphQl;
    this.#owner = path[0] ?? '';
    this.#repo = `/repos/${path.map(encodeURIComponent).join('/')}`;
  }

  async list(
    { base, branch, state }: PullRequestQuery,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const query = {
      base,
      state: state === 'open' ? 'open' : 'closed',
      per_page: '100',
      ...(branch === undefined ? {} : { head: `${this.#owner}:${branch}` }),
    };
    const request = { method: 'GET', path: `${this.#repo}/pulls`, query } as const;
    const pulls = await this.#http.json(request, z.array(Pull), signal);
    return pulls.filter(({ head, base: { repo } }) => head.repo?.id === repo.id).map(pullRequest);
  }

  async create(
    { branch, base, title, body }: NewPullRequest,
    signal: AbortSignal,
  ): Promise<PullRequest> {
    const content = { head: branch, base, title, body };
    const request = { method: 'POST', path: `${this.#repo}/pulls`, body: content } as const;
    return pullRequest(await this.#http.json(request, Pull, signal));
  }

  edit(number: number, { title, body }: PullRequestText, signal: AbortSignal): Promise<void> {
    return this.#send('PATCH', `/pulls/${number}`, { title, body }, signal);
  }

  async close(number: number, comment: string, signal: AbortSignal): Promise<void> {
    await this.#send('POST', `/issues/${number}/comments`, { body: comment }, signal);
    await this.#send('PATCH', `/pulls/${number}`, { state: 'closed' }, signal);
  }

  decorate(
    number: number,
    { labels, reviewers, autoMerge }: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return attempts([
      labels.length > 0 && {
        what: 'labels',
        run: () => this.#send('POST', `/issues/${number}/labels`, { labels }, signal),
      },
      reviewers.length > 0 && {
        what: 'reviewers',
        run: () => {
          const people = reviewersOf(reviewers);
          return this.#send('POST', `/pulls/${number}/requested_reviewers`, people, signal);
        },
      },
      autoMerge && { what: 'auto-merge', run: () => this.#autoMerge(number, signal) },
    ]);
  }

  async #autoMerge(number: number, signal: AbortSignal): Promise<void> {
    const request = { method: 'GET', path: `${this.#repo}/pulls/${number}` } as const;
    const { node_id: id } = await this.#http.json(request, Pull, signal);
    const body = { query: ENABLE_AUTO_MERGE, variables: { id } };
    const mutation = { method: 'POST', path: '', body } as const;
    const { errors } = await this.#graphQl.json(mutation, GraphQl, signal);
    const [error] = errors ?? [];
    if (error !== undefined) throw new AppError('forge/rejected', error.message);
  }

  #send(
    method: 'PATCH' | 'POST',
    place: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#http.call({ method, path: `${this.#repo}${place}`, body }, signal);
  }
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  const { number, html_url: url, title, head } = pull;
  const ended = (pull.merged_at ?? null) === null ? 'closed' : 'merged';
  const state = pull.state === 'open' ? 'open' : ended;
  return {
    number,
    url,
    branch: head.ref,
    title,
    body: pull.body ?? '',
    state,
    ...closingOf(state, { at: pull.closed_at }),
  };
}

function reviewersOf(names: readonly string[]): unknown {
  return {
    reviewers: names.filter((name) => teamOf(name) === undefined),
    team_reviewers: names.flatMap((name) => teamOf(name) ?? []),
  };
}
