import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Forge, PullRequest, PullRequestExtras } from '../../ports.ts';
import { attempts } from './attempts.ts';
import type { ForgeHttp } from './forge-http.ts';

const Pull = z.object({
  number: z.int(),
  html_url: z.string(),
  node_id: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullish(),
  head: z.object({ ref: z.string() }),
});

const GraphQl = z.object({ errors: z.array(z.object({ message: z.string() })).optional() });

const ENABLE_AUTO_MERGE =
  'mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }';

/**
 * GitHub and GitHub Enterprise Server: the REST API (docs.github.com/rest/pulls), and GraphQL for
 * auto-merge, which REST does not have.
 * @param graphQl speaks to the host's GraphQL endpoint
 */
export function github(http: ForgeHttp, graphQl: ForgeHttp, path: readonly string[]): Forge {
  const [owner = '', name = ''] = path;
  const repo = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
  const pull = (number: number) => `${repo}/pulls/${number}`;

  async function autoMerge(number: number, signal: AbortSignal): Promise<void> {
    const { node_id: id } = await http.json({ method: 'GET', path: pull(number) }, Pull, signal);
    const body = { query: ENABLE_AUTO_MERGE, variables: { id } };
    const { errors } = await graphQl.json({ method: 'POST', path: '', body }, GraphQl, signal);
    const [error] = errors ?? [];
    if (error !== undefined) throw new AppError('forge/rejected', error.message);
  }

  return {
    async list({ base, branch, state }, signal) {
      const query = {
        base,
        state: state === 'open' ? 'open' : 'closed',
        per_page: '100',
        ...(branch === undefined ? {} : { head: `${owner}:${branch}` }),
      };
      const pulls = await http.json(
        { method: 'GET', path: `${repo}/pulls`, query },
        z.array(Pull),
        signal,
      );
      return pulls.map(pullRequest);
    },
    async create({ branch, base, title, body }, signal) {
      const request = { method: 'POST', path: `${repo}/pulls` } as const;
      const content = { head: branch, base, title, body };
      return pullRequest(await http.json({ ...request, body: content }, Pull, signal));
    },
    edit: (number, { title, body }, signal) =>
      http.call({ method: 'PATCH', path: pull(number), body: { title, body } }, signal),
    async close(number, comment, signal) {
      const comments = `${repo}/issues/${number}/comments`;
      await http.call({ method: 'POST', path: comments, body: { body: comment } }, signal);
      await http.call({ method: 'PATCH', path: pull(number), body: { state: 'closed' } }, signal);
    },
    decorate: (number, extras, signal) =>
      attempts([
        extras.labels.length > 0 && {
          what: 'labels',
          run: () => {
            const body = { labels: extras.labels };
            const labels = `${repo}/issues/${number}/labels`;
            return http.call({ method: 'POST', path: labels, body }, signal);
          },
        },
        extras.reviewers.length > 0 && {
          what: 'reviewers',
          run: () => {
            const path = `${pull(number)}/requested_reviewers`;
            return http.call({ method: 'POST', path, body: reviewersOf(extras) }, signal);
          },
        },
        extras.autoMerge && { what: 'auto-merge', run: () => autoMerge(number, signal) },
      ]),
  };
}

function pullRequest(pull: z.output<typeof Pull>): PullRequest {
  const { number, html_url: url, title, head } = pull;
  const ended = (pull.merged_at ?? null) === null ? 'closed' : 'merged';
  return {
    number,
    url,
    branch: head.ref,
    title,
    body: pull.body ?? '',
    state: pull.state === 'open' ? 'open' : ended,
  };
}

function reviewersOf({ reviewers }: PullRequestExtras): unknown {
  const team = /^team:/;
  return {
    reviewers: reviewers.filter((name) => !team.test(name)),
    team_reviewers: reviewers
      .filter((name) => team.test(name))
      .map((name) => name.replace(team, '')),
  };
}
