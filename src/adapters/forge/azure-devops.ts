import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Forge, PullRequest } from '../../ports.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp, ForgeRequest } from './forge-http.ts';

const API_VERSION = '7.1';

/** The service cuts no text: it refuses a longer one. */
const MAX_DESCRIPTION_CHARS = 4000;

const Pull = z.object({
  pullRequestId: z.int(),
  title: z.string(),
  description: z.string().nullish(),
  status: z.enum(['active', 'abandoned', 'completed', 'notSet']),
  sourceRefName: z.string(),
  createdBy: z.object({ id: z.string() }).nullish(),
});

const Page = z.object({ value: z.array(Pull) });

const STATES = {
  active: 'open',
  notSet: 'open',
  abandoned: 'closed',
  completed: 'merged',
} as const;

const refName = (branch: string) => `refs/heads/${branch}`;

/**
 * Azure DevOps Services and Server: Git pull requests (learn.microsoft.com/rest/api/azure/devops/git).
 * @param path organisation, project and repo
 * @param api where people's browsers find them, too
 */
export function azureDevOps(http: ForgeHttp, api: string, path: readonly string[]): Forge {
  const [organisation = '', project = '', name = ''] = path.map(encodeURIComponent);
  const repo = `/${organisation}/${project}/_apis/git/repositories/${name}/pullrequests`;
  const page = `${api}/${organisation}/${project}/_git/${name}/pullrequest`;

  const versioned = (request: ForgeRequest): ForgeRequest => ({
    ...request,
    query: { ...request.query, 'api-version': API_VERSION },
  });

  const pullRequest = (pull: z.output<typeof Pull>): PullRequest => ({
    number: pull.pullRequestId,
    url: `${page}/${pull.pullRequestId}`,
    branch: pull.sourceRefName.replace(/^refs\/heads\//, ''),
    title: pull.title,
    body: pull.description ?? '',
    state: STATES[pull.status],
  });

  async function list(
    status: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly PullRequest[]> {
    const search = { ...query, 'searchCriteria.status': status, $top: '100' };
    const request = versioned({ method: 'GET', path: repo, query: search });
    return (await http.json(request, Page, signal)).value.map(pullRequest);
  }

  const patch = (number: number, body: unknown, signal: AbortSignal) =>
    http.call(versioned({ method: 'PATCH', path: `${repo}/${number}`, body }), signal);

  /** Somebody has to complete it: who opened it. */
  async function completeWhenReady(number: number, signal: AbortSignal): Promise<void> {
    const request = versioned({ method: 'GET', path: `${repo}/${number}` });
    const { createdBy } = await http.json(request, Pull, signal);
    if (createdBy === undefined || createdBy === null)
      throw new AppError('forge/bad-response', 'the service does not say who opened it');
    await patch(number, { autoCompleteSetBy: { id: createdBy.id } }, signal);
  }

  return {
    async list({ base, branch, state }, signal) {
      const query = {
        'searchCriteria.targetRefName': refName(base),
        ...(branch === undefined ? {} : { 'searchCriteria.sourceRefName': refName(branch) }),
      };
      if (state === 'open') return list('active', query, signal);
      // One status at a time is all that the API can be asked for, other than all.
      const ended = [
        ...(await list('completed', query, signal)),
        ...(await list('abandoned', query, signal)),
      ];
      return ended.toSorted((a, b) => b.number - a.number);
    },
    async create({ branch, base, title, body }, signal) {
      const content = {
        sourceRefName: refName(branch),
        targetRefName: refName(base),
        title,
        description: shortened(body),
      };
      const request = versioned({ method: 'POST', path: repo, body: content });
      return pullRequest(await http.json(request, Pull, signal));
    },
    edit: (number, { title, body }, signal) =>
      patch(number, { title, description: shortened(body) }, signal),
    async close(number, comment, signal) {
      const body = { comments: [{ parentCommentId: 0, content: comment, commentType: 1 }] };
      const threads = `${repo}/${number}/threads`;
      await http.call(versioned({ method: 'POST', path: threads, body }), signal);
      await patch(number, { status: 'abandoned' }, signal);
    },
    decorate: (number, { labels, reviewers, autoMerge }, signal) =>
      attempts([
        ...labels.map((label) => ({
          what: `label ${label}`,
          run: () => {
            const path = `${repo}/${number}/labels`;
            return http.call(versioned({ method: 'POST', path, body: { name: label } }), signal);
          },
        })),
        ...reviewers.map((id) => ({
          what: `reviewer ${id}`,
          run: () => {
            const path = `${repo}/${number}/reviewers/${encodeURIComponent(id)}`;
            return http.call(versioned({ method: 'PUT', path, body: { vote: 0 } }), signal);
          },
        })),
        autoMerge && { what: 'auto-merge', run: () => completeWhenReady(number, signal) },
      ]),
  };
}

function shortened(text: string): string {
  return text.length <= MAX_DESCRIPTION_CHARS
    ? text
    : `${text.slice(0, MAX_DESCRIPTION_CHARS - 1)}…`;
}
