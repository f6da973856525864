import type { ForgeRecording } from './forge-recording.ts';

const pull = (pullRequestId: number, status = 'active') => ({
  pullRequestId,
  title: 'Update podinfo to 6.2.0',
  description: 'text',
  status,
  sourceRefName: 'refs/heads/lockkeeper/apps',
  targetRefName: 'refs/heads/main',
  createdBy: { id: 'b5f1c2d3-0000-4000-8000-000000000001', displayName: 'Lockkeeper' },
});

const PULLS = '/org/My%20Project/_apis/git/repositories/config/pullrequests';

const search = (status: string) => {
  const query = new URLSearchParams({
    'searchCriteria.targetRefName': 'refs/heads/main',
    'searchCriteria.sourceRefName': 'refs/heads/lockkeeper/apps',
    'searchCriteria.status': status,
    $top: '100',
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
  open: [{ request: search('active'), answer: { value: [pull(7)], count: 1 } }],
  ended: [
    { request: search('completed'), answer: { value: [pull(5, 'completed')], count: 1 } },
    { request: search('abandoned'), answer: { value: [pull(6, 'abandoned')], count: 1 } },
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
    body: 'text',
    state: 'open',
  },
  endedStates: [
    [6, 'closed'],
    [5, 'merged'],
  ],
};
