import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Forge, PullRequest } from '../../ports.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp } from './forge-http.ts';

const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean().nullish(),
  head: z.object({ ref: z.string(), label: z.string().nullish() }),
  base: z.object({ ref: z.string() }),
});

const Labels = z.array(z.object({ id: z.int(), name: z.string() }));

/** Most that a page holds unless the administrator said otherwise (`MAX_RESPONSE_ITEMS`). */
const PAGE_SIZE = 50;
const MAX_PAGES = 6;
const MAX_PULLS = 100;

/** How often, and after how long, a merge is asked for again. */
const MERGE_ATTEMPTS = 5;
const MERGE_PAUSE_MS = 1_000;

/** Grey: what a label needs besides a name. */
const LABEL_COLOUR = '#808080';

/** Gitea and Forgejo (their `/api/swagger`). Pull requests cannot be asked for by branch: pages are gone through. */
export function gitea(http: ForgeHttp, path: readonly string[]): Forge {
  const [owner = '', name = ''] = path;
  const repo = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;

  async function* pulls(state: string, signal: AbortSignal): AsyncGenerator<z.output<typeof Pull>> {
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = { state, sort: 'recentupdate', limit: String(PAGE_SIZE), page: String(page) };
      const request = { method: 'GET', path: `${repo}/pulls`, query } as const;
      const found = await http.json(request, z.array(Pull), signal);
      yield* found;
      if (found.length === 0) return;
    }
  }

  const patch = (number: number, body: unknown, signal: AbortSignal) =>
    http.call({ method: 'PATCH', path: `${repo}/pulls/${number}`, body }, signal);

  async function setLabels(number: number, wanted: readonly string[], signal: AbortSignal) {
    const request = { method: 'GET', path: `${repo}/labels`, query: { limit: '50' } } as const;
    const known = new Map(
      (await http.json(request, Labels, signal)).map((label) => [label.name, label.id]),
    );
    const ids: number[] = [];
    for (const label of wanted) ids.push(known.get(label) ?? (await createLabel(label, signal)));
    const labels = `${repo}/issues/${number}/labels`;
    await http.call({ method: 'POST', path: labels, body: { labels: ids } }, signal);
  }

  async function createLabel(label: string, signal: AbortSignal): Promise<number> {
    const body = { name: label, color: LABEL_COLOUR };
    const request = { method: 'POST', path: `${repo}/labels`, body } as const;
    return (await http.json(request, z.object({ id: z.int() }), signal)).id;
  }

  /** A new pull request is first looked through for conflicts; until then it is refused ("try again later"). */
  async function autoMerge(number: number, signal: AbortSignal): Promise<void> {
    const body = { Do: 'merge', merge_when_checks_succeed: true };
    const path = `${repo}/pulls/${number}/merge`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await http.call({ method: 'POST', path, body, already: 409 }, signal);
        return;
      } catch (error) {
        const isRefused = error instanceof AppError && error.code === 'forge/rejected';
        if (!isRefused || attempt === MERGE_ATTEMPTS) throw error;
        await delay(MERGE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    async list({ base, branch, state }, signal) {
      const found: PullRequest[] = [];
      for await (const pull of pulls(state === 'open' ? 'open' : 'closed', signal)) {
        if (pull.base.ref !== base) continue;
        const request = pullRequest(pull);
        if (branch === undefined || request.branch === branch) found.push(request);
        if (found.length === MAX_PULLS) break;
      }
      return found.toSorted((a, b) => b.number - a.number);
    },
    async create({ branch, base, title, body }, signal) {
      const content = { head: branch, base, title, body };
      const request = { method: 'POST', path: `${repo}/pulls`, body: content } as const;
      return pullRequest(await http.json(request, Pull, signal));
    },
    edit: (number, { title, body }, signal) => patch(number, { title, body }, signal),
    async close(number, comment, signal) {
      const comments = `${repo}/issues/${number}/comments`;
      await http.call({ method: 'POST', path: comments, body: { body: comment } }, signal);
      await patch(number, { state: 'closed' }, signal);
    },
    decorate: (number, extras, signal) =>
      attempts([
        extras.labels.length > 0 && {
          what: 'labels',
          run: () => setLabels(number, extras.labels, signal),
        },
        // One by one: of a list with an unknown name nobody would be asked.
        ...extras.reviewers.map((reviewer) => ({
          what: `reviewer ${reviewer}`,
          run: () => {
            const reviewers = `${repo}/pulls/${number}/requested_reviewers`;
            return http.call({ method: 'POST', path: reviewers, body: asked(reviewer) }, signal);
          },
        })),
        extras.autoMerge && { what: 'auto-merge', run: () => autoMerge(number, signal) },
      ]),
  };
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  const ended = pull.merged === true ? 'merged' : 'closed';
  return {
    number: pull.number,
    url: pull.html_url,
    // Once the branch is deleted, `ref` is that of the pull request itself; the label keeps the name.
    branch: pull.head.ref.startsWith('refs/pull/')
      ? (pull.head.label ?? pull.head.ref)
      : pull.head.ref,
    title: pull.title,
    body: pull.body ?? '',
    state: pull.state === 'open' ? 'open' : ended,
  };
}

function asked(reviewer: string): unknown {
  return reviewer.startsWith('team:')
    ? { team_reviewers: [reviewer.slice('team:'.length)] }
    : { reviewers: [reviewer] };
}
