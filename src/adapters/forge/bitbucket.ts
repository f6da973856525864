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

const Repo = z.object({ full_name: z.string() });

const Pull = z.object({
  id: z.int(),
  title: z.string(),
  summary: z.object({ raw: z.string().nullish() }).nullish(),
  description: z.string().nullish(),
  state: z.enum(['OPEN', 'MERGED', 'DECLINED', 'SUPERSEDED']),
  // Null: a fork that is gone.
  source: z.object({ branch: z.object({ name: z.string() }), repository: Repo.nullish() }),
  destination: z.object({ repository: Repo }),
  closed_by: z.object({ display_name: z.string() }).nullish(),
  links: z.object({ html: z.object({ href: z.string() }) }),
});

const Page = z.object({ values: z.array(Pull) });

const STATES = {
  OPEN: 'open',
  MERGED: 'merged',
  DECLINED: 'closed',
  SUPERSEDED: 'closed',
} as const;

/** Bitbucket Cloud, API 2.0 (developer.atlassian.com/cloud/bitbucket/rest). It has neither labels nor auto-merge. */
export class Bitbucket implements Forge {
  readonly #http: ForgeHttp;
  /** Path of the repo's pull requests in the API. */
  readonly #pulls: string;

  /** @param path workspace and name of the repo */
  constructor(http: ForgeHttp, path: readonly string[]) {
    this.#http = http;
    this.#pulls = `/repositories/${path.map(encodeURIComponent).join('/')}/pullrequests`;
  }

  async list(
    { base, branch, state }: PullRequestQuery,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const states = state === 'open' ? ['OPEN'] : ['MERGED', 'DECLINED', 'SUPERSEDED'];
    const filter = [
      `destination.branch.name = ${quoted(base)}`,
      ...(branch === undefined ? [] : [`source.branch.name = ${quoted(branch)}`]),
      `(${states.map((one) => `state = "${one}"`).join(' OR ')})`,
    ].join(' AND ');
    const query = { q: filter, sort: '-id', pagelen: '50' };
    const request = { method: 'GET', path: this.#pulls, query } as const;
    const { values } = await this.#http.json(request, Page, signal);
    return values
      .filter(({ source, destination }) => {
        return source.repository?.full_name === destination.repository.full_name;
      })
      .map(pullRequest);
  }

  async create(
    { branch, base, title, body }: NewPullRequest,
    signal: AbortSignal,
  ): Promise<PullRequest> {
    const content = {
      title,
      description: body,
      source: { branch: { name: branch } },
      destination: { branch: { name: base } },
      close_source_branch: true,
    };
    const request = { method: 'POST', path: this.#pulls, body: content } as const;
    return pullRequest(await this.#http.json(request, Pull, signal));
  }

  edit(number: number, { title, body }: PullRequestText, signal: AbortSignal): Promise<void> {
    return this.#put(number, { title, description: body }, signal);
  }

  async close(number: number, comment: string, signal: AbortSignal): Promise<void> {
    const at = `${this.#pulls}/${number}`;
    const body = { content: { raw: comment } };
    await this.#http.call({ method: 'POST', path: `${at}/comments`, body }, signal);
    await this.#http.call({ method: 'POST', path: `${at}/decline` }, signal);
  }

  decorate(
    number: number,
    { labels, reviewers, autoMerge }: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return attempts([
      labels.length > 0 && { what: 'labels', run: () => hasNo('labels') },
      reviewers.length > 0 && {
        what: 'reviewers',
        run: () => this.#ask(number, reviewers, signal),
      },
      autoMerge && { what: 'auto-merge', run: () => hasNo('auto-merge in its API') },
    ]);
  }

  /** Whatever an update leaves out is emptied, but the title, which it must have. */
  async #ask(number: number, reviewers: readonly string[], signal: AbortSignal): Promise<void> {
    const request = { method: 'GET', path: `${this.#pulls}/${number}` } as const;
    const { title, body } = pullRequest(await this.#http.json(request, Pull, signal));
    const people = reviewers.map((name) => ({ [idKind(name)]: name }));
    await this.#put(number, { title, description: body, reviewers: people }, signal);
  }

  #put(number: number, body: unknown, signal: AbortSignal): Promise<void> {
    return this.#http.call({ method: 'PUT', path: `${this.#pulls}/${number}`, body }, signal);
  }
}

async function hasNo(thing: string): Promise<never> {
  throw new AppError('forge/rejected', `Bitbucket has no ${thing}`);
}

/** Names of people are no longer ids: a UUID in braces, or an Atlassian account id. */
function idKind(name: string): 'uuid' | 'account_id' {
  return name.startsWith('{') ? 'uuid' : 'account_id';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  const state = STATES[pull.state];
  return {
    number: pull.id,
    url: pull.links.html.href,
    branch: pull.source.branch.name,
    title: pull.title,
    body: pull.summary?.raw ?? pull.description ?? '',
    state,
    // When is told by its activity alone.
    ...closingOf(state, { by: pull.closed_by?.display_name }),
  };
}
