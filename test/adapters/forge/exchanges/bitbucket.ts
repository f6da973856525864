import type { ForgeRecording } from './forge-recording.ts';

const pull = (id: number, state = 'OPEN') => ({
  type: 'pullrequest',
  id,
  title: 'Update podinfo to 6.2.0',
  description: 'text',
  summary: { raw: 'text', markup: 'markdown' },
  state,
  source: { branch: { name: 'lockkeeper/apps' }, repository: { full_name: 'team/config' } },
  destination: { branch: { name: 'main' }, repository: { full_name: 'team/config' } },
  closed_by: state === 'OPEN' ? null : { display_name: 'Ana' },
  links: { html: { href: `https://bitbucket.org/team/config/pull-requests/${id}` } },
});

const fromFork = (id: number) => ({
  ...pull(id),
  source: { branch: { name: 'lockkeeper/apps' }, repository: { full_name: 'ana/config' } },
});

const REPO = '/repositories/team/config/pullrequests';

const search = (states: string) => {
  const filter =
    'destination.branch.name = "main" AND source.branch.name = "lockkeeper/apps" AND ' + states;
  return `GET ${REPO}?${new URLSearchParams({ q: filter, sort: '-id', pagelen: '50' }).toString()}`;
};

/** After developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests. */
export const bitbucket: ForgeRecording = {
  kind: 'bitbucket',
  repoUrl: 'https://bitbucket.org/team/config.git',
  apiPath: '',
  login: { basic: { username: 'x-token-auth', password: 'ATCTT-token' } },
  authorization: 'Bearer ATCTT-token',
  reviewers: ['{d301aafa-d676-4ee0-88be-962be7417567}'],
  open: [{ request: search('(state = "OPEN")'), answer: { values: [fromFork(8), pull(7)] } }],
  ended: [
    {
      request: search('(state = "MERGED" OR state = "DECLINED" OR state = "SUPERSEDED")'),
      answer: { values: [pull(6, 'DECLINED'), pull(5, 'MERGED')] },
    },
  ],
  create: [
    {
      request: `POST ${REPO}`,
      body: {
        title: 'Update podinfo to 6.2.0',
        description: 'text',
        source: { branch: { name: 'lockkeeper/apps' } },
        destination: { branch: { name: 'main' } },
        close_source_branch: true,
      },
      status: 201,
      answer: pull(7),
    },
  ],
  edit: [
    {
      request: `PUT ${REPO}/7`,
      body: { title: 'Update podinfo to 6.3.0', description: 'newer' },
      answer: pull(7),
    },
  ],
  close: [
    {
      request: `POST ${REPO}/7/comments`,
      body: { content: { raw: 'superseded' } },
      status: 201,
    },
    { request: `POST ${REPO}/7/decline`, answer: pull(7, 'DECLINED') },
  ],
  decorate: [
    { request: `GET ${REPO}/7`, answer: pull(7) },
    {
      request: `PUT ${REPO}/7`,
      body: {
        title: 'Update podinfo to 6.2.0',
        description: 'text',
        reviewers: [{ uuid: '{d301aafa-d676-4ee0-88be-962be7417567}' }],
      },
      answer: pull(7),
    },
  ],
  pullRequest: {
    number: 7,
    url: 'https://bitbucket.org/team/config/pull-requests/7',
    branch: 'lockkeeper/apps',
    title: 'Update podinfo to 6.2.0',
    body: 'text',
    state: 'open',
  },
  endedStates: [
    [6, 'closed', 'Ana'],
    [5, 'merged', undefined],
  ],
};
