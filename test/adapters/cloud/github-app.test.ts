import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGitLogins } from '../../../src/adapters/cloud/create-git-logins.ts';
import { type ProcessWay, STRAIGHT } from '../../../src/connections/process-way.ts';
import { githubAppOf } from '../../../src/app/access/github-app-of.ts';
import { asAppError, type AppError } from '../../../src/domain/errors.ts';
import {
  makeAppKey,
  startGitHub,
  type GitHub,
  type GitHubState,
} from '../../support/git/github.ts';
import { scratch } from '../../support/git/repo.ts';
import { FakeClock, never } from '../../support/memory-ports.ts';
import { startConnectProxy } from '../../support/proxy/connect-proxy.ts';
import { makeCertificate } from '../../support/registry/certificate.ts';
import { skipWithout } from '../../support/registry/availability.ts';

const MINUTE = 60_000;

describe.skipIf(skipWithout('openssl'))('logins of a GitHub App', () => {
  const key = makeAppKey();
  const area = scratch();
  let github: GitHub;
  let fresh: GitHubState;
  let clock: FakeClock;
  /** What was told of logins. */
  let told: string[];
  beforeAll(async () => {
    github = await startGitHub(area.path, key);
    fresh = { ...github.state };
  });
  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    Object.assign(github.state, fresh, { now: () => clock.now() });
  });
  afterAll(async () => {
    await github.close();
    area.remove();
  });

  type Secret = Readonly<Record<string, string>>;
  const requestOf = (more: Secret, ca = github.server.ca ?? '') => {
    const app = githubAppOf(github.secret(more), 'apps/app');
    return { provider: { provider: 'github', app }, ca } as const;
  };
  const loginsOf = (way: ProcessWay = STRAIGHT) =>
    createGitLogins({ env: {}, clock, way, onEvent: ({ result }) => told.push(result) });
  const login = (more: Secret = {}) => loginsOf().login(requestOf(more), never);
  const newest = () => ({
    basic: { username: 'x-access-token', password: github.tokens.at(-1) },
  });

  it.each([
    ['PKCS#1', { githubAppPrivateKey: key.pkcs1 }],
    ['PKCS#8', { githubAppPrivateKey: key.pkcs8 }],
    ['PKCS#8 with white space around it', { githubAppPrivateKey: `\n${key.pkcs8}\n\n` }],
  ])('are had with a key in %s', async (_, more) => {
    expect(await login(more)).toEqual(newest());
  });

  it.each([
    ['org', ['GET /orgs/org/installation', 'POST /app/installations/34/access_tokens']],
    [
      'ana',
      [
        'GET /orgs/ana/installation',
        'GET /users/ana/installation',
        'POST /app/installations/56/access_tokens',
      ],
    ],
  ])('are had for the owner %s', async (owner, want) => {
    const before = github.asked.length;
    expect(await login({ githubAppInstallationOwner: owner })).toEqual(newest());
    expect(github.asked.slice(before)).toEqual(want);
  });

  it('are had where an older server says nothing of permissions', async () => {
    github.state.permissions = undefined;
    expect(await login()).toEqual(newest());
  });

  it('are kept, shared by all who ask, and renewed before they end', async () => {
    const logins = loginsOf();
    const request = requestOf({});
    const ask = () => logins.login(request, never);
    const before = github.tokens.length;
    await Promise.all([ask(), ask(), ask()]);
    await clock.advance(54 * MINUTE);
    await ask();
    expect(github.tokens).toHaveLength(before + 1);
    await clock.advance(2 * MINUTE);
    expect(await ask()).toEqual(newest());
    expect(github.tokens).toHaveLength(before + 2);
  });

  it('that a server refused are asked for anew, once for all who were refused', async () => {
    const logins = loginsOf();
    const request = requestOf({});
    const before = github.tokens.length;
    const first = await logins.login(request, never);
    const anew = () => logins.login(request, never, first);
    const second = await Promise.all([anew(), anew()]);
    expect(second).toEqual([newest(), newest()]);
    expect(await anew()).toEqual(newest());
    expect(github.tokens).toHaveLength(before + 2);
  });

  it('are never had by another key for what the right one was given', async () => {
    const logins = loginsOf();
    await logins.login(requestOf({}), never);
    const other = requestOf({ githubAppPrivateKey: makeAppKey().pkcs1 });
    await expect(logins.login(other, never)).rejects.toMatchObject({ code: 'git/unauthorized' });
  });

  async function failureOf(work: Promise<unknown>): Promise<AppError> {
    const error = asAppError(
      await work.then(
        () => new Error('it did not fail'),
        (thrown: unknown) => thrown,
      ),
    );
    expect(error.message).not.toMatch(/\n|ghs_|PRIVATE|eyJ/);
    return error;
  }

  const answer = (status: number, headers = {}, body = 'ghs_planted') =>
    ({ fault: { kind: 'answer', status, headers, body } }) as const;

  it.each<
    [string, { secret?: Secret; state?: Partial<GitHubState>; aheadMs?: number }, string, RegExp]
  >([
    [
      'no such installation',
      { secret: { githubAppInstallationID: '99' } },
      'git/unauthorized',
      /^GitHub App 12 has no installation 99: check githubAppInstallationID in Secret apps\/app/,
    ],
    [
      'no installation for the owner',
      { secret: { githubAppInstallationOwner: 'nobody' } },
      'git/unauthorized',
      /^GitHub App 12 is not installed for nobody: install it there$/,
    ],
    [
      'no such App',
      { secret: { githubAppID: '13' } },
      'git/unauthorized',
      /^there is no GitHub App 13 at https:\S+\/api\/v3: check githubAppID and githubAppBaseURL/,
    ],
    [
      'no such App, by owner',
      { secret: { githubAppID: '13', githubAppInstallationOwner: 'org' } },
      'git/unauthorized',
      /^there is no GitHub App 13 at /,
    ],
    [
      'a key of another App',
      { secret: { githubAppPrivateKey: makeAppKey().pkcs8 } },
      'git/unauthorized',
      /^127\.0\.0\.1:\d+ does not take the key for GitHub App 12: check that githubAppPrivateKey in Secret apps\/app/,
    ],
    [
      'a key that is none',
      { secret: { githubAppPrivateKey: 'PRIVATE' } },
      'secret/invalid',
      /^Secret apps\/app: githubAppPrivateKey is no RSA private key in PEM/,
    ],
    [
      'a clock that is fast',
      { aheadMs: 10 * MINUTE },
      'git/unauthorized',
      /^this machine's clock is 600 s ahead of that of 127\.0\.0\.1:\d+, .*: set it right$/,
    ],
    [
      'a clock that is slow',
      { aheadMs: -10 * MINUTE },
      'git/unauthorized',
      /^this machine's clock is 600 s behind that of /,
    ],
    [
      'a suspended installation',
      { state: { isSuspended: true } },
      'git/unauthorized',
      /^installation 34 of GitHub App 12 is suspended: have its owner lift that$/,
    ],
    [
      'a right that is too small',
      { state: { permissions: { contents: 'read' } } },
      'git/unauthorized',
      /^GitHub App 12 may not write to the repos of installation 34: give it the permission "Contents: Read and write"/,
    ],
    [
      'no right to contents at all',
      { state: { permissions: { metadata: 'read' } } },
      'git/unauthorized',
      /may not write/,
    ],
    [
      'a refusal without a known reason',
      { state: answer(403) },
      'git/unreachable',
      /gives GitHub App 12 no token \(HTTP 403\)/,
    ],
    ['trouble at the server', { state: answer(502) }, 'git/unreachable', /no token \(HTTP 502\)/],
    [
      'a redirect',
      { state: answer(301, { location: 'https://evil.example.com' }) },
      'git/unreachable',
      /no token \(HTTP 301\); check githubAppBaseURL/,
    ],
    ['an answer that is none', { state: answer(201) }, 'git/unreachable', /no token \(HTTP 201\)/],
    [
      'a dropped connection',
      { state: { fault: { kind: 'drop' } } },
      'git/unreachable',
      /cannot be asked for a token/,
    ],
  ])('are not had with %s', async (_, { secret = {}, state = {}, aheadMs = 0 }, code, says) => {
    const now = new Date(clock.now().getTime() - aheadMs);
    Object.assign(github.state, { now: () => now }, state);
    const error = await failureOf(login(secret));
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: expect.stringMatching(says) as string,
    });
  });

  it.each([
    [429, {}, 0],
    [429, { 'retry-after': '30' }, 30_000],
    [403, { 'retry-after': '60' }, 60_000],
    [403, { 'x-ratelimit-remaining': '0' }, 0],
  ])('wait where the server wants it: %i %j', async (status, headers, afterMs) => {
    Object.assign(github.state, answer(status, headers));
    const error = await failureOf(login());
    expect(error).toMatchObject({ code: 'git/unreachable', retry: true, afterMs });
    expect(error.message).toMatch(/allows no more requests for now/);
  });

  it('are asked for over trusted connections alone', async () => {
    const request = { provider: requestOf({}).provider };
    const error = await failureOf(loginsOf().login(request, never));
    expect(error.code).toBe('git/unreachable');
    expect(error.message).toMatch(/^no trusted TLS connection to 127\.0\.0\.1:\d+; give its CA/);
  });

  it('are asked for by the trust of the process besides that of the request', async () => {
    const { ca } = requestOf({});
    const stranger = makeCertificate(area.path, { file: 'stranger' }).cert;
    const trusting = loginsOf({ ...STRAIGHT, ca });
    expect(await trusting.login(requestOf({}, stranger), never)).toEqual(newest());
  });

  it('are asked for through the proxy that is named', async () => {
    const proxy = await startConnectProxy({ login: { username: 'ana', password: 'planted' } });
    const through = (password: string) =>
      loginsOf().login(
        {
          ...requestOf({}),
          proxy: { url: proxy.url, login: { username: 'ana', password } },
        },
        never,
      );
    expect(await through('planted')).toEqual(newest());
    const { host } = new URL(github.apiUrl);
    expect(proxy.log).toEqual([`CONNECT ${host} 200`]);
    expect((await failureOf(through('ghs_wrong'))).message).toBe(
      `${host}: the proxy ${proxy.url} wants another login (407); check username and password of proxySecretRef, or of HTTPS_PROXY`,
    );
    await proxy.close();
    expect((await failureOf(through('planted'))).message).toBe(
      `${host}: the proxy ${proxy.url} cannot be reached`,
    );
  });

  it('are asked for again after a failure, and each outcome is told', async () => {
    const logins = loginsOf();
    github.state.isSuspended = true;
    await failureOf(logins.login(requestOf({}), never));
    github.state.isSuspended = false;
    const login = await logins.login(requestOf({}), never);
    expect(login).toEqual(newest());
    expect(await logins.login(requestOf({}), never)).toBe(login);
    await logins.login(requestOf({}), never, login);
    await failureOf(logins.login({ provider: requestOf({}).provider }, never));
    expect(told).toEqual(['refused', 'renewed', 'rejected', 'renewed', 'failed']);
  });
});
