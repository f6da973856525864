import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { MAX_LISTED } from '../../domain/pull-requests/max-listed.ts';
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
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean().nullish(),
  closed_at: z.string().nullish(),
  head: z.object({ ref: z.string(), label: z.string().nullish(), repo_id: z.int() }),
  base: z.object({ ref: z.string(), repo_id: z.int() }),
});

const Labels = z.array(z.object({ id: z.int(), name: z.string() }));

/** Most that a page holds unless the administrator said otherwise (`MAX_RESPONSE_ITEMS`). */
const PAGE_SIZE = 50;
const MAX_PAGES = 6;

/** How often, and after how long, a merge is asked for again. */
const MERGE_ATTEMPTS = 5;
const MERGE_PAUSE_MS = 1_000;

/** Grey: what a label needs besides a name. */
const LABEL_COLOUR = '#808080';

/** Gitea and Forgejo (their `/api/swagger`). Pull requests cannot be asked for by branch: pages are gone through. */
export class Gitea implements Forge {
  readonly #http: ForgeHttp;
  /** Path of the repo in the API. */
  readonly #repo: string;

  /** @param path owner and name of the repo */
  constructor(http: ForgeHttp, path: readonly string[]) {
    this.#http = http;
    this.#repo = `/repos/${path.map(encodeURIComponent).join('/')}`;
  }

  async list(
    { base, branch, state }: PullRequestQuery,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const found: PullRequest[] = [];
    for await (const pull of this.#pulls(state === 'open' ? 'open' : 'closed', signal)) {
      if (pull.base.ref !== base || pull.head.repo_id !== pull.base.repo_id) continue;
      const request = pullRequest(pull);
      if (branch === undefined || request.branch === branch) found.push(request);
      if (found.length === MAX_LISTED) break;
    }
    return found.toSorted((a, b) => b.number - a.number);
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
    return this.#patch(number, { title, body }, signal);
  }

  async close(number: number, comment: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#repo}/issues/${number}/comments`;
    await this.#http.call({ method: 'POST', path, body: { body: comment } }, signal);
    await this.#patch(number, { state: 'closed' }, signal);
  }

  decorate(
    number: number,
    { labels, reviewers, autoMerge }: PullRequestExtras,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return attempts([
      labels.length > 0 && {
        what: 'labels',
        run: () => this.#setLabels(number, labels, signal),
      },
      // One by one: of a list with an unknown name nobody would be asked.
      ...reviewers.map((reviewer) => ({
        what: `reviewer ${reviewer}`,
        run: () => this.#ask(number, reviewer, signal),
      })),
      autoMerge && { what: 'auto-merge', run: () => this.#autoMerge(number, signal) },
    ]);
  }

  async *#pulls(state: string, signal: AbortSignal): AsyncGenerator<z.output<typeof Pull>> {
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = { state, sort: 'recentupdate', limit: String(PAGE_SIZE), page: String(page) };
      const request = { method: 'GET', path: `${this.#repo}/pulls`, query } as const;
      const found = await this.#http.json(request, z.array(Pull), signal);
      yield* found;
      if (found.length === 0) return;
    }
  }

  #patch(number: number, body: unknown, signal: AbortSignal): Promise<void> {
    return this.#http.call(
      { method: 'PATCH', path: `${this.#repo}/pulls/${number}`, body },
      signal,
    );
  }

  #ask(number: number, reviewer: string, signal: AbortSignal): Promise<void> {
    const path = `${this.#repo}/pulls/${number}/requested_reviewers`;
    const team = teamOf(reviewer);
    const body = team === undefined ? { reviewers: [reviewer] } : { team_reviewers: [team] };
    return this.#http.call({ method: 'POST', path, body }, signal);
  }

  async #setLabels(number: number, wanted: readonly string[], signal: AbortSignal): Promise<void> {
    const request = {
      method: 'GET',
      path: `${this.#repo}/labels`,
      query: { limit: '50' },
    } as const;
    const known = new Map(
      (await this.#http.json(request, Labels, signal)).map((label) => [label.name, label.id]),
    );
    const ids: number[] = [];
    for (const label of wanted) ids.push(known.get(label) ?? (await this.#addLabel(label, signal)));
    const path = `${this.#repo}/issues/${number}/labels`;
    await this.#http.call({ method: 'POST', path, body: { labels: ids } }, signal);
  }

  async #addLabel(label: string, signal: AbortSignal): Promise<number> {
    const body = { name: label, color: LABEL_COLOUR };
    const request = { method: 'POST', path: `${this.#repo}/labels`, body } as const;
    return (await this.#http.json(request, z.object({ id: z.int() }), signal)).id;
  }

  /** A new pull request is first looked through for conflicts; until then it is refused ("try again later"). */
  async #autoMerge(number: number, signal: AbortSignal): Promise<void> {
    const body = { Do: 'merge', merge_when_checks_succeed: true };
    const path = `${this.#repo}/pulls/${number}/merge`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#http.call({ method: 'POST', path, body, already: 409 }, signal);
        return;
      } catch (error) {
        const isRefused = error instanceof AppError && error.code === 'forge/rejected';
        if (!isRefused || attempt === MERGE_ATTEMPTS) throw error;
        await delay(MERGE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  const ended = pull.merged === true ? 'merged' : 'closed';
  const state = pull.state === 'open' ? 'open' : ended;
  return {
    number: pull.number,
    url: pull.html_url,
    // Once the branch is deleted, `ref` is that of the pull request itself; the label keeps the name.
    branch: pull.head.ref.startsWith('refs/pull/')
      ? (pull.head.label ?? pull.head.ref)
      : pull.head.ref,
    title: pull.title,
    body: pull.body ?? '',
    state,
    ...closingOf(state, { at: pull.closed_at }),
  };
}
