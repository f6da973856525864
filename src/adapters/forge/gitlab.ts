import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
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

const MergeRequest = z.object({
  iid: z.int(),
  web_url: z.string(),
  title: z.string(),
  description: z.string().nullish(),
  // `locked`: being merged at the moment.
  state: z.enum(['opened', 'closed', 'locked', 'merged']),
  source_branch: z.string(),
  source_project_id: z.int().nullish(),
  target_project_id: z.int(),
  closed_by: z.object({ username: z.string() }).nullish(),
  closed_at: z.string().nullish(),
});

const Users = z.array(z.object({ id: z.int() }));

const STATES = { opened: 'open', locked: 'open', closed: 'closed', merged: 'merged' } as const;

/** GitLab, wherever it is hosted: merge requests (docs.gitlab.com/api/merge_requests). */
export class GitLab implements Forge {
  readonly #http: ForgeHttp;
  /** Path of the project's merge requests in the API. */
  readonly #requests: string;

  /** @param path groups and name of the project */
  constructor(http: ForgeHttp, path: readonly string[]) {
    this.#http = http;
    this.#requests = `/projects/${encodeURIComponent(path.join('/'))}/merge_requests`;
  }

  async list(
    { base, branch, state }: PullRequestQuery,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const query = {
      target_branch: base,
      ...(branch === undefined ? {} : { source_branch: branch }),
    };
    if (state === 'open') return this.#list('opened', query, signal);
    // One state at a time is all that the API can be asked for.
    const ended = [
      ...(await this.#list('merged', query, signal)),
      ...(await this.#list('closed', query, signal)),
    ];
    return ended.toSorted((a, b) => b.number - a.number);
  }

  async create(
    { branch, base, title, body }: NewPullRequest,
    signal: AbortSignal,
  ): Promise<PullRequest> {
    const content = {
      source_branch: branch,
      target_branch: base,
      title,
      description: body,
      remove_source_branch: true,
    };
    const request = { method: 'POST', path: this.#requests, body: content } as const;
    return pullRequest(await this.#http.json(request, MergeRequest, signal));
  }

  edit(number: number, { title, body }: PullRequestText, signal: AbortSignal): Promise<void> {
    return this.#put(`${number}`, { title, description: body }, signal);
  }

  async close(number: number, comment: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#requests}/${number}/notes`;
    await this.#http.call({ method: 'POST', path, body: { body: comment } }, signal);
    await this.#put(`${number}`, { state_event: 'close' }, signal);
  }

  decorate(
    number: number,
    { labels, reviewers, autoMerge }: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return attempts([
      labels.length > 0 && {
        what: 'labels',
        run: () => this.#put(`${number}`, { add_labels: labels.join(',') }, signal),
      },
      reviewers.length > 0 && {
        what: 'reviewers',
        run: async () => {
          const ids: number[] = [];
          for (const name of reviewers) ids.push(await this.#userId(name, signal));
          await this.#put(`${number}`, { reviewer_ids: ids }, signal);
        },
      },
      autoMerge && {
        what: 'auto-merge',
        run: () => {
          // Both names: `auto_merge` takes the place of the other from 17.11 on.
          const body = { auto_merge: true, merge_when_pipeline_succeeds: true };
          return this.#put(`${number}/merge`, body, signal);
        },
      },
    ]);
  }

  async #list(
    state: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const page = { ...query, state, per_page: '100' };
    const request = { method: 'GET', path: this.#requests, query: page } as const;
    const requests = await this.#http.json(request, z.array(MergeRequest), signal);
    return requests
      .filter(({ source_project_id: source, target_project_id: target }) => source === target)
      .map(pullRequest);
  }

  #put(place: string, body: unknown, signal: AbortSignal): Promise<void> {
    return this.#http.call({ method: 'PUT', path: `${this.#requests}/${place}`, body }, signal);
  }

  async #userId(name: string, signal: AbortSignal): Promise<number> {
    const request = { method: 'GET', path: '/users', query: { username: name } } as const;
    const [user] = await this.#http.json(request, Users, signal);
    if (user === undefined) throw new AppError('forge/rejected', `there is no user ${name}`);
    return user.id;
  }
}

function pullRequest(request: z.output<typeof MergeRequest>): PullRequest {
  const state = STATES[request.state];
  return {
    number: request.iid,
    url: request.web_url,
    branch: request.source_branch,
    title: request.title,
    body: request.description ?? '',
    state,
    ...closingOf(state, { by: request.closed_by?.username, at: request.closed_at }),
  };
}
