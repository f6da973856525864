import type { ForgeRecording } from './forge-recording.ts';

const head = (ref: string, more: object = {}) => ({ label: ref, ref, repo_id: 4, ...more });

const pull = (number: number, more: object = {}) => ({
  id: 1000 + number,
  number,
  html_url: `https://git.example.com:3000/team/config/pulls/${number}`,
  title: 'Update podinfo to 6.2.0',
  body: 'text',
  state: 'open',
  merged: false,
  head: head('lockkeeper/apps'),
  base: head('main'),
  ...more,
});

const PULLS = '/api/v1/repos/team/config/pulls';
const page = (state: string, number: number) =>
  `GET ${PULLS}?state=${state}&sort=recentupdate&limit=50&page=${number}`;

/** After the API description that Gitea serves at `/api/swagger`. */
export const gitea: ForgeRecording = {
  kind: 'gitea',
  repoUrl: 'https://git.example.com:3000/team/config',
  apiPath: '/api/v1',
  login: { basic: { username: 'bot', password: 'token' } },
  authorization: `Basic ${Buffer.from('bot:token').toString('base64')}`,
  reviewers: ['ana', 'team:platform'],
  open: [
    {
      request: page('open', 1),
      answer: [
        pull(10, { head: head('lockkeeper/apps', { repo_id: 5 }) }),
        pull(9, { head: head('a-feature') }),
        pull(8, { base: head('production') }),
        pull(7),
      ],
    },
    { request: page('open', 2), answer: [] },
  ],
  ended: [
    {
      request: page('closed', 1),
      answer: [
        pull(6, {
          state: 'closed',
          closed_at: '2026-11-02T11:00:00+01:00',
          head: head('lockkeeper/apps', { ref: 'refs/pull/6/head' }),
        }),
        pull(5, { state: 'closed', merged: true, closed_at: '2026-11-01T10:00:00Z' }),
      ],
    },
    { request: page('closed', 2), answer: [] },
  ],
  create: [
    {
      request: `POST ${PULLS}`,
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
      request: `PATCH ${PULLS}/7`,
      body: { title: 'Update podinfo to 6.3.0', body: 'newer' },
      status: 201,
      answer: pull(7),
    },
  ],
  close: [
    {
      request: 'POST /api/v1/repos/team/config/issues/7/comments',
      body: { body: 'superseded' },
      status: 201,
    },
    { request: `PATCH ${PULLS}/7`, body: { state: 'closed' }, status: 201, answer: pull(7) },
  ],
  decorate: [
    {
      request: 'GET /api/v1/repos/team/config/labels?limit=50',
      answer: [{ id: 3, name: 'images' }],
    },
    {
      request: 'POST /api/v1/repos/team/config/labels',
      body: { name: 'bot', color: '#808080' },
      status: 201,
      answer: { id: 4, name: 'bot' },
    },
    {
      request: 'POST /api/v1/repos/team/config/issues/7/labels',
      body: { labels: [3, 4] },
      answer: [],
    },
    {
      request: `POST ${PULLS}/7/requested_reviewers`,
      body: { reviewers: ['ana'] },
      status: 201,
      answer: [],
    },
    {
      request: `POST ${PULLS}/7/requested_reviewers`,
      body: { team_reviewers: ['platform'] },
      status: 201,
      answer: [],
    },
    {
      request: `POST ${PULLS}/7/merge`,
      body: { Do: 'merge', merge_when_checks_succeed: true },
      status: 405,
      answer: { message: 'Please try again later' },
    },
    {
      request: `POST ${PULLS}/7/merge`,
      body: { Do: 'merge', merge_when_checks_succeed: true },
      // Scheduled before.
      status: 409,
    },
  ],
  pullRequest: {
    number: 7,
    url: 'https://git.example.com:3000/team/config/pulls/7',
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
