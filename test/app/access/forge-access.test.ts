import { describe, expect, it } from 'vitest';
import { forgeAccess } from '../../../src/app/access/forge-access.ts';
import { automation } from '../../support/builders.ts';
import { memorySecrets, never, noGitLogins } from '../../support/memory-ports.ts';

const URL = 'https://git.example.com/team/config.git';
const WAY = {
  ca: 'PEM',
  clientCertificate: { certificate: 'PEM', key: 'KEY' },
  proxy: { url: 'http://proxy.example.com:3128' },
};
const BASIC = { username: 'bot', password: 'hunter' };

/** The access of an automation whose repo is reached in a given way. */
function access({
  pullRequest = {},
  git = {},
  isLent = false,
  secret,
}: {
  readonly pullRequest?: object;
  readonly git?: object;
  readonly isLent?: boolean;
  readonly secret?: Record<string, string>;
}) {
  const spec = { pullRequest: { provider: 'gitea' as const, ...pullRequest } };
  const secrets = memorySecrets(secret === undefined ? {} : { 'apps/api': secret });
  const request = {
    automation: automation(spec),
    git: { url: URL, branch: 'main', ...git },
    isLent,
  };
  return forgeAccess(request, { secrets, gitLogins: noGitLogins }, never);
}

const secretRef = { name: 'api' };

describe('access to a forge', () => {
  it('is not asked for without pull requests', async () => {
    const request = { automation: automation(), git: { url: URL, branch: 'main' }, isLent: false };
    expect(
      await forgeAccess(request, { secrets: memorySecrets(), gitLogins: noGitLogins }, never),
    ).toBeUndefined();
  });

  it.each([
    { name: 'nothing', git: {}, want: {} },
    { name: 'user name and password', git: { basic: BASIC }, want: { basic: BASIC } },
    { name: 'a token', git: { bearerToken: 't', basic: BASIC }, want: { bearerToken: 't' } },
    { name: 'its certificates and its proxy', git: WAY, want: WAY },
  ])('takes $name from the repo', async ({ git, want }) => {
    expect(await access({ git })).toEqual({ kind: 'gitea', repoUrl: URL, ...want });
  });

  it.each([
    { secret: { bearerToken: 't', password: 'p' }, want: { bearerToken: 't' } },
    { secret: BASIC, want: { basic: BASIC } },
    { secret: { password: 'p' }, want: { basic: { username: '', password: 'p' } } },
  ])('rather takes its own Secret: $want', async ({ secret, want }) => {
    const git = { basic: { username: 'git', password: 'other' }, ssh: undefined };
    const found = await access({ pullRequest: { secretRef }, git, secret });
    expect(found).toEqual({ kind: 'gitea', repoUrl: URL, ...want });
  });

  it('goes without what another namespace lends where the automation says where to', async () => {
    const apiUrl = 'https://api.example.com/v1';
    const given = { git: WAY, isLent: true, secret: BASIC };
    const elsewhere = await access({ ...given, pullRequest: { secretRef, apiUrl } });
    expect(elsewhere).toEqual({ kind: 'gitea', repoUrl: URL, apiUrl, ca: 'PEM', basic: BASIC });
    expect(await access({ ...given, pullRequest: { secretRef } })).toMatchObject(WAY);
  });

  it('keeps an address of the API', async () => {
    const apiUrl = 'https://api.example.com/v1';
    expect(await access({ pullRequest: { apiUrl } })).toMatchObject({ apiUrl });
  });

  it.each([
    {
      name: 'the repo’s login is an SSH key',
      given: { git: { ssh: { identity: 'hunter', knownHosts: 'k' } } },
      code: 'secret/invalid',
      message: /spec\.pullRequest\.secretRef/,
    },
    {
      name: 'there is no such Secret',
      given: { pullRequest: { secretRef } },
      code: 'secret/not-found',
      message: /no Secret apps\/api/,
    },
    {
      name: 'the Secret holds an SSH key alone',
      given: { pullRequest: { secretRef }, secret: { identity: 'hunter', password: 'hunter' } },
      code: 'secret/invalid',
      message: /Secret apps\/api has an SSH key, .*; give it bearerToken/,
    },
    {
      name: 'the Secret holds no login',
      given: { pullRequest: { secretRef }, secret: { token: 'hunter' } },
      code: 'secret/invalid',
      message: /Secret apps\/api has no login; give it bearerToken/,
    },
    {
      name: 'another namespace’s login would go to a host that the automation names',
      given: { pullRequest: { apiUrl: 'https://a.example' }, git: { basic: BASIC }, isLent: true },
      code: 'access/denied',
      message: /goes to the host of the repo alone/,
    },
  ])('is refused where $name, without a word of the secret', async ({ given, code, message }) => {
    const failure = access(given);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(failure).rejects.not.toThrow(/hunter/);
  });
});
