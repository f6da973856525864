import { afterEach, describe, expect, it } from 'vitest';
import { openForge } from '../../../src/adapters/forge/open-forge.ts';
import type { Forge } from '../../../src/ports/forge.ts';
import {
  startRecordedForge,
  type Exchange,
  type RecordedForge,
} from '../../support/forge/recorded-forge.ts';
import { azureDevOps } from './exchanges/azure-devops.ts';
import { bitbucket } from './exchanges/bitbucket.ts';
import { gitea } from './exchanges/gitea.ts';
import { github } from './exchanges/github.ts';
import { gitlab } from './exchanges/gitlab.ts';
import type { ForgeRecording } from './exchanges/forge-recording.ts';

const signal = new AbortController().signal;
const QUERY = { base: 'main', branch: 'lockkeeper/apps' };
const TEXT = { title: 'Update podinfo to 6.2.0', body: 'text' };

let server: RecordedForge | undefined;
afterEach(() => server?.close());

/** A forge that answers as recorded; afterwards `asked` is compared with the recording. */
async function replaying(recording: ForgeRecording, exchanges: readonly Exchange[]) {
  server = await startRecordedForge(exchanges);
  const { url, asked } = server;
  const { kind, repoUrl, apiPath, login } = recording;
  const forge = openForge({ kind, repoUrl, apiUrl: `${url}${apiPath}`, ...login });
  const expectAsked = () => {
    expect(asked.map(({ request, body }) => ({ request, body }))).toEqual(
      exchanges.map(({ request, body }) => ({ request, body })),
    );
    for (const { authorization } of asked) expect(authorization).toBe(recording.authorization);
  };
  return { forge, url, expectAsked };
}

const recordings = [github, gitlab, gitea, bitbucket, azureDevOps];

describe.each(recordings)('pull requests at $kind', (recording) => {
  it('are listed while they are open, without those from forks', async () => {
    const { forge, url, expectAsked } = await replaying(recording, recording.open);
    const found = await forge.list({ ...QUERY, state: 'open' }, signal);
    const expected = recording.pullRequest;
    const address = expected.url.startsWith('/') ? `${url}${expected.url}` : expected.url;
    expect(found).toEqual([{ ...expected, url: address }]);
    expectAsked();
  });

  it('are listed after their end, newest first, and say how, and by whom and when where that is told', async () => {
    const { forge, expectAsked } = await replaying(recording, recording.ended);
    const found = await forge.list({ ...QUERY, state: 'ended' }, signal);
    const ends = found.map(({ number, state, closedBy, closedAt }) => [
      number,
      state,
      closedBy,
      ...(closedAt === undefined ? [] : [closedAt.toISOString().slice(0, 19)]),
    ]);
    expect(ends).toEqual(recording.endedStates);
    expect(found.every(({ branch }) => branch === QUERY.branch)).toBe(true);
    expectAsked();
  });

  it('are created', async () => {
    const { forge, expectAsked } = await replaying(recording, recording.create);
    const created = await forge.create({ ...QUERY, ...TEXT }, signal);
    expect(created).toMatchObject({ number: 7, state: 'open', branch: QUERY.branch });
    expectAsked();
  });

  it('are given another text', async () => {
    const { forge, expectAsked } = await replaying(recording, recording.edit);
    await forge.edit(7, { title: 'Update podinfo to 6.3.0', body: 'newer' }, signal);
    expect(expectAsked).not.toThrow();
  });

  it('are closed with a comment that says why', async () => {
    const { forge, expectAsked } = await replaying(recording, recording.close);
    await forge.close(7, 'superseded', signal);
    expect(expectAsked).not.toThrow();
  });

  it('are given labels, reviewers and auto-merge as far as the forge has them', async () => {
    const { forge, expectAsked } = await replaying(recording, recording.decorate);
    const extras = { labels: ['images', 'bot'], reviewers: recording.reviewers, autoMerge: true };
    const problems = await forge.decorate(7, extras, signal);
    const missing = [
      'labels: Bitbucket has no labels',
      'auto-merge: Bitbucket has no auto-merge in its API',
    ];
    expect(problems).toEqual(recording.kind === 'bitbucket' ? missing : []);
    expectAsked();
  });
});

const call = (forge: Forge) => forge.list({ ...QUERY, state: 'open' }, signal);

describe('a refusal of a forge', () => {
  it.each([
    {
      name: 'of the login',
      exchange: { status: 401, answer: { message: 'Bad credentials' } },
      code: 'forge/unauthorized',
      message: /access denied.*\(401: Bad credentials\)/,
      retry: false,
    },
    {
      name: 'by a spent budget, as GitHub tells it',
      exchange: {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'retry-after': '60' },
        answer: { message: 'API rate limit exceeded' },
      },
      code: 'forge/rate-limited',
      message: /no more requests for now/,
      retry: true,
    },
    {
      name: 'of an unknown repo',
      exchange: { status: 404, answer: { message: 'Not Found' } },
      code: 'forge/not-found',
      message: /no such repo/,
      retry: false,
    },
    {
      name: 'with a list of texts, as GitLab gives it',
      exchange: { status: 409, answer: { message: ['Another open merge request already exists'] } },
      code: 'forge/rejected',
      message: /Another open merge request already exists/,
      retry: false,
    },
    {
      name: 'while it is down',
      exchange: { status: 503, answer: 'upstream is down' },
      code: 'forge/unreachable',
      message: /\(503\)/,
      retry: true,
    },
    {
      name: 'with something that is no list',
      exchange: { answer: { hello: 'world' } },
      code: 'forge/bad-response',
      message: /unexpected answer/,
      retry: false,
    },
  ])('$name has a code and one line', async ({ exchange, code, message, retry }) => {
    const { forge } = await replaying(github, [{ request: '', ...exchange }]);
    await expect(call(forge)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as unknown,
      retry,
    });
  });

  it('names when to come back', async () => {
    const exchange = { request: '', status: 429, headers: { 'retry-after': '30' } };
    const { forge } = await replaying(github, [exchange]);
    await expect(call(forge)).rejects.toMatchObject({ afterMs: 30_000 });
  });

  it('never repeats the login', async () => {
    const answer = { message: 'token ghp_token is not allowed to do this' };
    const { forge } = await replaying(github, [{ request: '', status: 403, answer }]);
    await expect(call(forge)).rejects.toMatchObject({
      message: expect.not.stringContaining('ghp_token') as unknown,
    });
  });

  it('by a redirect is not followed: the login stays with its host', async () => {
    const headers = { location: 'http://127.0.0.1:9/' };
    const { forge, expectAsked } = await replaying(github, [
      { request: github.open[0]?.request ?? '', status: 301, headers },
    ]);
    await expect(call(forge)).rejects.toMatchObject({ code: 'forge/rejected' });
    expectAsked();
  });

  it('of a label stands in no one’s way', async () => {
    const exchanges = github.decorate.map((exchange, index) =>
      index === 0 ? { ...exchange, status: 422, answer: { message: 'no such label' } } : exchange,
    );
    const { forge, expectAsked } = await replaying(github, exchanges);
    const extras = { labels: ['images', 'bot'], reviewers: github.reviewers, autoMerge: true };
    const problems = await forge.decorate(7, extras, signal);
    expect(problems).toEqual([expect.stringMatching(/^labels: .*no such label/)]);
    expectAsked();
  });

  it('that never comes is cut off by the caller', async () => {
    const stop = new AbortController();
    stop.abort();
    const { forge } = await replaying(github, []);
    await expect(forge.list({ ...QUERY, state: 'open' }, stop.signal)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
