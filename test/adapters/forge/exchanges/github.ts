import type { ForgeRecording } from './forge-recording.ts';

const pull = (number: number, more: object = {}) => ({
  number,
  html_url: `https://github.com/team/config/pull/${number}`,
  node_id: `PR_kwDOABCD${number}`,
  title: 'Update podinfo to 6.2.0',
  body: 'text',
  state: 'open',
  merged_at: null,
  draft: false,
  user: { login: 'lockkeeper-bot' },
  head: { label: 'team:lockkeeper/apps', ref: 'lockkeeper/apps', repo: { id: 4 } },
  base: { label: 'team:main', ref: 'main', repo: { id: 4 } },
  ...more,
});

/** After docs.github.com/rest/pulls (API version 2022-11-28). */
export const github: ForgeRecording = {
  kind: 'github',
  repoUrl: 'https://github.com/team/config.git',
  apiPath: '',
  login: { basic: { username: 'git', password: 'ghp_token' } },
  authorization: 'Bearer ghp_token',
  reviewers: ['ana', 'team:platform'],
  open: [
    {
      request:
        'GET /repos/team/config/pulls?base=main&state=open&per_page=100&head=team%3Alockkeeper%2Fapps',
      answer: [
        pull(9, {
          head: { label: 'ana:lockkeeper/apps', ref: 'lockkeeper/apps', repo: { id: 5 } },
        }),
        pull(8, { head: { label: 'gone:lockkeeper/apps', ref: 'lockkeeper/apps', repo: null } }),
        pull(7),
      ],
    },
  ],
  ended: [
    {
      request:
        'GET /repos/team/config/pulls?base=main&state=closed&per_page=100&head=team%3Alockkeeper%2Fapps',
      answer: [
        pull(6, { state: 'closed', closed_at: '2026-11-02T10:00:00Z' }),
        pull(5, { state: 'closed', merged_at: '2026-11-01T10:00:00Z', body: null }),
      ],
    },
  ],
  create: [
    {
      request: 'POST /repos/team/config/pulls',
      body: {
        head: 'lockkeeper/apps',
        base: 'main',
        title: 'Update podinfo to 6.2.0',
        body: 'text',
      },
      status: 201,
      answer: pull(7),
    },
  ],
  edit: [
    {
      request: 'PATCH /repos/team/config/pulls/7',
      body: { title: 'Update podinfo to 6.3.0', body: 'newer' },
      answer: pull(7),
    },
  ],
  close: [
    {
      request: 'POST /repos/team/config/issues/7/comments',
      body: { body: 'superseded' },
      status: 201,
    },
    { request: 'PATCH /repos/team/config/pulls/7', body: { state: 'closed' }, answer: pull(7) },
  ],
  decorate: [
    {
      request: 'POST /repos/team/config/issues/7/labels',
      body: { labels: ['images', 'bot'] },
      answer: [],
    },
    {
      request: 'POST /repos/team/config/pulls/7/requested_reviewers',
      body: { reviewers: ['ana'], team_reviewers: ['platform'] },
      status: 201,
      answer: pull(7),
    },
    { request: 'GET /repos/team/config/pulls/7', answer: pull(7) },
    {
      request: 'POST /graphql',
      body: {
        query:
          'mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }',
        variables: { id: 'PR_kwDOABCD7' },
      },
      answer: { data: { enablePullRequestAutoMerge: { clientMutationId: null } } },
    },
  ],
  pullRequest: {
    number: 7,
    url: 'https://github.com/team/config/pull/7',
    branch: 'lockkeeper/apps',
    title: 'Update podinfo to 6.2.0',
    body: 'text',
    state: 'open',
  },
  endedStates: [
    [6, 'closed', undefined, '2026-11-02T10:00:00'],
    [5, 'merged', undefined],
  ],
};
