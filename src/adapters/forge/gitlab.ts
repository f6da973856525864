import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Forge, PullRequest } from '../../ports.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp } from './forge-http.ts';

const MergeRequest = z.object({
  iid: z.int(),
  web_url: z.string(),
  title: z.string(),
  description: z.string().nullish(),
  // `locked`: being merged at the moment.
  state: z.enum(['opened', 'closed', 'locked', 'merged']),
  source_branch: z.string(),
});

const Users = z.array(z.object({ id: z.int() }));

const STATES = { opened: 'open', locked: 'open', closed: 'closed', merged: 'merged' } as const;

/** GitLab, wherever it is hosted: merge requests (docs.gitlab.com/api/merge_requests). */
export function gitlab(http: ForgeHttp, path: readonly string[]): Forge {
  const requests = `/projects/${encodeURIComponent(path.join('/'))}/merge_requests`;

  async function userId(name: string, signal: AbortSignal): Promise<number> {
    const request = { method: 'GET', path: '/users', query: { username: name } } as const;
    const [user] = await http.json(request, Users, signal);
    if (user === undefined) throw new AppError('forge/rejected', `there is no user ${name}`);
    return user.id;
  }

  async function list(
    state: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const page = { ...query, state, per_page: '100' };
    const request = { method: 'GET', path: requests, query: page } as const;
    return (await http.json(request, z.array(MergeRequest), signal)).map(pullRequest);
  }

  const put = (number: number, body: unknown, signal: AbortSignal) =>
    http.call({ method: 'PUT', path: `${requests}/${number}`, body }, signal);

  return {
    async list({ base, branch, state }, signal) {
      const query = {
        target_branch: base,
        ...(branch === undefined ? {} : { source_branch: branch }),
      };
      if (state === 'open') return list('opened', query, signal);
      // One state at a time is all that the API can be asked for.
      const ended = [
        ...(await list('merged', query, signal)),
        ...(await list('closed', query, signal)),
      ];
      return ended.toSorted((a, b) => b.number - a.number);
    },
    async create({ branch, base, title, body }, signal) {
      const content = {
        source_branch: branch,
        target_branch: base,
        title,
        description: body,
        remove_source_branch: true,
      };
      const request = { method: 'POST', path: requests, body: content } as const;
      return pullRequest(await http.json(request, MergeRequest, signal));
    },
    edit: (number, { title, body }, signal) => put(number, { title, description: body }, signal),
    async close(number, comment, signal) {
      const notes = `${requests}/${number}/notes`;
      await http.call({ method: 'POST', path: notes, body: { body: comment } }, signal);
      await put(number, { state_event: 'close' }, signal);
    },
    decorate: (number, { labels, reviewers, autoMerge }, signal) =>
      attempts([
        labels.length > 0 && {
          what: 'labels',
          run: () => put(number, { add_labels: labels.join(',') }, signal),
        },
        reviewers.length > 0 && {
          what: 'reviewers',
          run: async () => {
            const ids: number[] = [];
            for (const name of reviewers) ids.push(await userId(name, signal));
            await put(number, { reviewer_ids: ids }, signal);
          },
        },
        autoMerge && {
          what: 'auto-merge',
          run: () => {
            // Both names: `auto_merge` takes the place of the other from 17.11 on.
            const body = { auto_merge: true, merge_when_pipeline_succeeds: true };
            const merge = `${requests}/${number}/merge`;
            return http.call({ method: 'PUT', path: merge, body }, signal);
          },
        },
      ]),
  };
}

function pullRequest(request: z.output<typeof MergeRequest>): PullRequest {
  return {
    number: request.iid,
    url: request.web_url,
    branch: request.source_branch,
    title: request.title,
    body: request.description ?? '',
    state: STATES[request.state],
  };
}
