import type { ForgeRecording } from './forge-recording.ts';

const request = (iid: number, state = 'opened') => ({
  id: 1000 + iid,
  iid,
  web_url: `https://gitlab.example.com/group/sub/config/-/merge_requests/${iid}`,
  title: 'Update podinfo to 6.2.0',
  description: state === 'merged' ? null : 'text',
  state,
  source_branch: 'lockkeeper/apps',
  target_branch: 'main',
  source_project_id: 4,
  target_project_id: 4,
  author: { id: 9, username: 'lockkeeper-bot' },
  closed_by: state === 'closed' ? { id: 31, username: 'ana' } : null,
  closed_at: state === 'closed' ? '2026-11-02T10:00:00.123Z' : null,
});

const PROJECT = '/projects/group%2Fsub%2Fconfig/merge_requests';
const QUERY = 'target_branch=main&source_branch=lockkeeper%2Fapps';

/** After docs.gitlab.com/api/merge_requests. */
export const gitlab: ForgeRecording = {
  kind: 'gitlab',
  repoUrl: 'git@gitlab.example.com:group/sub/config.git',
  apiPath: '/api/v4',
  login: { basic: { username: 'oauth2', password: 'glpat-token' } },
  authorization: 'Bearer glpat-token',
  reviewers: ['ana'],
  open: [
    {
      request: `GET /api/v4${PROJECT}?${QUERY}&state=opened&per_page=100`,
      answer: [{ ...request(8), source_project_id: 5 }, request(7)],
    },
  ],
  ended: [
    {
      request: `GET /api/v4${PROJECT}?${QUERY}&state=merged&per_page=100`,
      answer: [request(5, 'merged')],
    },
    {
      request: `GET /api/v4${PROJECT}?${QUERY}&state=closed&per_page=100`,
      answer: [request(6, 'closed')],
    },
  ],
  create: [
    {
      request: `POST /api/v4${PROJECT}`,
      body: {
        source_branch: 'lockkeeper/apps',
        target_branch: 'main',
        title: 'Update podinfo to 6.2.0',
        description: 'text',
        remove_source_branch: true,
      },
      status: 201,
      answer: request(7),
    },
  ],
  edit: [
    {
      request: `PUT /api/v4${PROJECT}/7`,
      body: { title: 'Update podinfo to 6.3.0', description: 'newer' },
      answer: request(7),
    },
  ],
  close: [
    { request: `POST /api/v4${PROJECT}/7/notes`, body: { body: 'superseded' }, status: 201 },
    { request: `PUT /api/v4${PROJECT}/7`, body: { state_event: 'close' }, answer: request(7) },
  ],
  decorate: [
    { request: `PUT /api/v4${PROJECT}/7`, body: { add_labels: 'images,bot' }, answer: request(7) },
    { request: 'GET /api/v4/users?username=ana', answer: [{ id: 31, username: 'ana' }] },
    { request: `PUT /api/v4${PROJECT}/7`, body: { reviewer_ids: [31] }, answer: request(7) },
    {
      request: `PUT /api/v4${PROJECT}/7/merge`,
      body: { auto_merge: true, merge_when_pipeline_succeeds: true },
      answer: request(7),
    },
  ],
  pullRequest: {
    number: 7,
    url: 'https://gitlab.example.com/group/sub/config/-/merge_requests/7',
    branch: 'lockkeeper/apps',
    title: 'Update podinfo to 6.2.0',
    body: 'text',
    state: 'open',
  },
  endedStates: [
    [6, 'closed', 'ana', '2026-11-02T10:00:00'],
    [5, 'merged', undefined],
  ],
};
