import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Forge, PullRequest } from '../../ports.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp } from './forge-http.ts';

const Pull = z.object({
  id: z.int(),
  title: z.string(),
  summary: z.object({ raw: z.string().nullish() }).nullish(),
  description: z.string().nullish(),
  state: z.enum(['OPEN', 'MERGED', 'DECLINED', 'SUPERSEDED']),
  source: z.object({ branch: z.object({ name: z.string() }) }),
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
export function bitbucket(http: ForgeHttp, path: readonly string[]): Forge {
  const repo = `/repositories/${path.map(encodeURIComponent).join('/')}/pullrequests`;

  async function edit(number: number, body: unknown, signal: AbortSignal): Promise<void> {
    await http.call({ method: 'PUT', path: `${repo}/${number}`, body }, signal);
  }

  const hasNo = (thing: string) => () =>
    Promise.reject(new AppError('forge/rejected', `Bitbucket has no ${thing}`));

  return {
    async list({ base, branch, state }, signal) {
      const states = state === 'open' ? ['OPEN'] : ['MERGED', 'DECLINED', 'SUPERSEDED'];
      const filter = [
        `destination.branch.name = ${quoted(base)}`,
        ...(branch === undefined ? [] : [`source.branch.name = ${quoted(branch)}`]),
        `(${states.map((one) => `state = "${one}"`).join(' OR ')})`,
      ].join(' AND ');
      const query = { q: filter, sort: '-id', pagelen: '50' };
      const page = await http.json({ method: 'GET', path: repo, query }, Page, signal);
      return page.values.map(pullRequest);
    },
    async create({ branch, base, title, body }, signal) {
      const content = {
        title,
        description: body,
        source: { branch: { name: branch } },
        destination: { branch: { name: base } },
        close_source_branch: true,
      };
      const request = { method: 'POST', path: repo, body: content } as const;
      return pullRequest(await http.json(request, Pull, signal));
    },
    edit: (number, { title, body }, signal) => edit(number, { title, description: body }, signal),
    async close(number, comment, signal) {
      const comments = `${repo}/${number}/comments`;
      const body = { content: { raw: comment } };
      await http.call({ method: 'POST', path: comments, body }, signal);
      await http.call({ method: 'POST', path: `${repo}/${number}/decline` }, signal);
    },
    decorate: (number, { labels, reviewers, autoMerge }, signal) =>
      attempts([
        labels.length > 0 && { what: 'labels', run: hasNo('labels') },
        reviewers.length > 0 && {
          what: 'reviewers',
          run: async () => {
            // Whatever an update leaves out is emptied, but the title, which it must have.
            const request = { method: 'GET', path: `${repo}/${number}` } as const;
            const { title, body: description } = pullRequest(
              await http.json(request, Pull, signal),
            );
            const people = reviewers.map((name) => ({ [idKind(name)]: name }));
            await edit(number, { title, description, reviewers: people }, signal);
          },
        },
        autoMerge && { what: 'auto-merge', run: hasNo('auto-merge in its API') },
      ]),
  };
}

/** Names of people are no longer ids: a UUID in braces, or an Atlassian account id. */
function idKind(name: string): 'uuid' | 'account_id' {
  return name.startsWith('{') ? 'uuid' : 'account_id';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  return {
    number: pull.id,
    url: pull.links.html.href,
    branch: pull.source.branch.name,
    title: pull.title,
    body: pull.summary?.raw ?? pull.description ?? '',
    state: STATES[pull.state],
  };
}
