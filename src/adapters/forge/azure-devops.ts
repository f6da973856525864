import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { MAX_LISTED } from '../../domain/pull-requests/max-listed.ts';
import type {
  Forge,
  NewPullRequest,
  PullRequest,
  PullRequestExtras,
  PullRequestQuery,
  PullRequestText,
} from '../../ports/forge.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp, ForgeRequest } from './forge-http.ts';
import { closingOf } from './closing.ts';

const API_VERSION = '7.1';

/** The service cuts no text: it refuses a longer one. */
const MAX_DESCRIPTION_CHARS = 4000;

/** Lists have no more of a description than this; the rest has to be asked for. */
const LISTED_DESCRIPTION_CHARS = 400;

/** Of those that ended, each may cost a request. */
const MAX_LISTED_ENDED = 20;

const Pull = z.object({
  pullRequestId: z.int(),
  title: z.string(),
  description: z.string().nullish(),
  status: z.enum(['active', 'abandoned', 'completed', 'notSet']),
  sourceRefName: z.string(),
  createdBy: z.object({ id: z.string() }).nullish(),
  closedBy: z.object({ displayName: z.string() }).nullish(),
  closedDate: z.string().nullish(),
  /** Only of one that comes from a fork. */
  forkSource: z.object({}).nullish(),
});

const Page = z.object({ value: z.array(Pull) });

const STATES = {
  active: 'open',
  notSet: 'open',
  abandoned: 'closed',
  completed: 'merged',
} as const;

/** Azure DevOps Services and Server: Git pull requests (learn.microsoft.com/rest/api/azure/devops/git). */
export class AzureDevOps implements Forge {
  readonly #http: ForgeHttp;
  /** Path of the repo's pull requests in the API. */
  readonly #pulls: string;
  /** Where people's browsers find them. */
  readonly #page: string;

  /**
   * @param api base of the API, and of what people see
   * @param path organisation, project and repo
   */
  constructor(http: ForgeHttp, api: string, path: readonly string[]) {
    const [organisation = '', project = '', name = ''] = path.map(encodeURIComponent);
    this.#http = http;
    this.#pulls = `/${organisation}/${project}/_apis/git/repositories/${name}/pullrequests`;
    this.#page = `${api}/${organisation}/${project}/_git/${name}/pullrequest`;
  }

  async list(
    { base, branch, state }: PullRequestQuery,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const query = {
      'searchCriteria.targetRefName': refName(base),
      ...(branch === undefined ? {} : { 'searchCriteria.sourceRefName': refName(branch) }),
    };
    if (state === 'open') return this.#list('active', { query, max: MAX_LISTED }, signal);
    const ends = { query, max: MAX_LISTED_ENDED };
    // One status at a time is all that the API can be asked for, other than all.
    const ended = [
      ...(await this.#list('completed', ends, signal)),
      ...(await this.#list('abandoned', ends, signal)),
    ];
    return ended.toSorted((a, b) => b.number - a.number);
  }

  async create(
    { branch, base, title, body }: NewPullRequest,
    signal: AbortSignal,
  ): Promise<PullRequest> {
    const content = {
      sourceRefName: refName(branch),
      targetRefName: refName(base),
      title,
      description: shortened(body),
    };
    const request = versioned({ method: 'POST', path: this.#pulls, body: content });
    return this.#pullRequest(await this.#http.json(request, Pull, signal));
  }

  edit(number: number, { title, body }: PullRequestText, signal: AbortSignal): Promise<void> {
    return this.#send('PATCH', `/${number}`, { title, description: shortened(body) }, signal);
  }

  async close(number: number, comment: string, signal: AbortSignal): Promise<void> {
    const body = { comments: [{ parentCommentId: 0, content: comment, commentType: 1 }] };
    await this.#send('POST', `/${number}/threads`, body, signal);
    await this.#send('PATCH', `/${number}`, { status: 'abandoned' }, signal);
  }

  decorate(
    number: number,
    { labels, reviewers, autoMerge }: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return attempts([
      ...labels.map((label) => ({
        what: `label ${label}`,
        run: () => this.#send('POST', `/${number}/labels`, { name: label }, signal),
      })),
      ...reviewers.map((id) => ({
        what: `reviewer ${id}`,
        run: () => {
          const place = `/${number}/reviewers/${encodeURIComponent(id)}`;
          return this.#send('PUT', place, { vote: 0 }, signal);
        },
      })),
      autoMerge && { what: 'auto-merge', run: () => this.#completeWhenReady(number, signal) },
    ]);
  }

  async #list(
    status: string,
    { query, max }: { readonly query: Readonly<Record<string, string>>; readonly max: number },
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const search = { ...query, 'searchCriteria.status': status, $top: String(max) };
    const request = versioned({ method: 'GET', path: this.#pulls, query: search });
    const { value } = await this.#http.json(request, Page, signal);
    const found: PullRequest[] = [];
    for (const pull of value) {
      if ((pull.forkSource ?? null) !== null) continue;
      const isCut = (pull.description ?? '').length >= LISTED_DESCRIPTION_CHARS;
      found.push(this.#pullRequest(isCut ? await this.#get(pull.pullRequestId, signal) : pull));
    }
    return found;
  }

  /** Somebody has to complete it: who opened it. */
  async #completeWhenReady(number: number, signal: AbortSignal): Promise<void> {
    const { createdBy } = await this.#get(number, signal);
    if (createdBy === undefined || createdBy === null)
      throw new AppError('forge/bad-response', 'the service does not say who opened it');
    await this.#send('PATCH', `/${number}`, { autoCompleteSetBy: { id: createdBy.id } }, signal);
  }

  #get(number: number, signal: AbortSignal): Promise<z.output<typeof Pull>> {
    const request = versioned({ method: 'GET', path: `${this.#pulls}/${number}` });
    return this.#http.json(request, Pull, signal);
  }

  #send(
    method: 'PATCH' | 'POST' | 'PUT',
    place: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#http.call(versioned({ method, path: `${this.#pulls}${place}`, body }), signal);
  }

  #pullRequest(pull: z.output<typeof Pull>): PullRequest {
    const state = STATES[pull.status];
    return {
      number: pull.pullRequestId,
      url: `${this.#page}/${pull.pullRequestId}`,
      branch: pull.sourceRefName.replace(/^refs\/heads\//, ''),
      title: pull.title,
      body: pull.description ?? '',
      state,
      ...closingOf(state, { by: pull.closedBy?.displayName, at: pull.closedDate }),
    };
  }
}

function refName(branch: string): string {
  return `refs/heads/${branch}`;
}

function versioned(request: ForgeRequest): ForgeRequest {
  return { ...request, query: { ...request.query, 'api-version': API_VERSION } };
}

function shortened(text: string): string {
  return text.length <= MAX_DESCRIPTION_CHARS
    ? text
    : `${text.slice(0, MAX_DESCRIPTION_CHARS - 1)}…`;
}
