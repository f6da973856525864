import type { ForgeRecording } from './forge-recording.ts';

/** Longer than what a list gives of it. */
const LONG = 'text '.repeat(200).trim();
const CUT = LONG.slice(0, 400);

const pull = (pullRequestId: number, status = 'active', description = 'text') => ({
  pullRequestId,
  title: 'Update podinfo to 6.2.0',
  description,
  status,
  sourceRefName: 'refs/heads/lockkeeper/apps',
  targetRefName: 'refs/heads/main',
  closedBy: status === 'active' ? null : { displayName: 'Ana' },
  ...(status === 'active' ? {} : { closedDate: '2026-11-02T10:00:00.1234567Z' }),
  createdBy: { id: 'b5f1c2d3-0000-4000-8000-000000000001', displayName: 'Lockkeeper' },
});

const PULLS = '/org/My%20Project/_apis/git/repositories/config/pullrequests';

const search = (status: string, top: number) => {
  const query = new URLSearchParams({
    'searchCriteria.targetRefName': 'refs/heads/main',
    'searchCriteria.sourceRefName': 'refs/heads/lockkeeper/apps',
    'searchCriteria.status': status,
    $top: String(top),
    'api-version': '7.1',
  });
  return `GET ${PULLS}?${query.toString()}`;
};

const at = (place: string) => `${PULLS}${place}?api-version=7.1`;

/** After learn.microsoft.com/rest/api/azure/devops/git/pull-requests. */
export const azureDevOps: ForgeRecording = {
  kind: 'azuredevops',
  repoUrl: 'https://dev.azure.com/org/My%20Project/_git/config',
  apiPath: '',
  login: { basic: { username: 'any', password: 'pat' } },
  authorization: `Basic ${Buffer.from('any:pat').toString('base64')}`,
  reviewers: ['b5f1c2d3-0000-4000-8000-000000000002'],
  open: [
    {
      request: search('active', 100),
      answer: {
        // Lists have no more than the first 400 characters of a description.
        value: [{ ...pull(8), forkSource: { name: 'refs/heads/a' } }, pull(7, 'active', CUT)],
        count: 2,
      },
    },
    { request: `GET ${at('/7')}`, answer: pull(7, 'active', LONG) },
  ],
  ended: [
    { request: search('completed', 20), answer: { value: [pull(5, 'completed')], count: 1 } },
    { request: search('abandoned', 20), answer: { value: [pull(6, 'abandoned')], count: 1 } },
  ],
  create: [
    {
      request: `POST ${at('')}`,
      body: {
        sourceRefName: 'refs/heads/lockkeeper/apps',
        targetRefName: 'refs/heads/main',
        title: 'Update podinfo to 6.2.0',
        description: 'text',
      },
      status: 201,
      answer: pull(7),
    },
  ],
  edit: [
    {
      request: `PATCH ${at('/7')}`,
      body: { title: 'Update podinfo to 6.3.0', description: 'newer' },
      answer: pull(7),
    },
  ],
  close: [
    {
      request: `POST ${at('/7/threads')}`,
      body: { comments: [{ parentCommentId: 0, content: 'superseded', commentType: 1 }] },
    },
    { request: `PATCH ${at('/7')}`, body: { status: 'abandoned' }, answer: pull(7, 'abandoned') },
  ],
  decorate: [
    { request: `POST ${at('/7/labels')}`, body: { name: 'images' } },
    { request: `POST ${at('/7/labels')}`, body: { name: 'bot' } },
    {
      request: `PUT ${at('/7/reviewers/b5f1c2d3-0000-4000-8000-000000000002')}`,
      body: { vote: 0 },
    },
    { request: `GET ${at('/7')}`, answer: pull(7) },
    {
      request: `PATCH ${at('/7')}`,
      body: { autoCompleteSetBy: { id: 'b5f1c2d3-0000-4000-8000-000000000001' } },
      answer: pull(7),
    },
  ],
  pullRequest: {
    number: 7,
    url: '/org/My%20Project/_git/config/pullrequest/7',
    branch: 'lockkeeper/apps',
    title: 'Update podinfo to 6.2.0',
    body: LONG,
    state: 'open',
  },
  endedStates: [
    [6, 'closed', 'Ana', '2026-11-02T10:00:00'],
    [5, 'merged', undefined],
  ],
};
