import { describe, expect, it } from 'vitest';
import { forgeAccess } from '../../../src/app/access/forge-access.ts';
import type { GitLogin, GitLoginRequest } from '../../../src/ports/git-login.ts';
import type { GitAccess } from '../../../src/ports/ports.ts';
import { automation } from '../../support/builders.ts';
import { memorySecrets, never } from '../../support/memory-ports.ts';

const BASE = 'https://github.example.com/api/v3';
const FLEET = 'https://github.example.com/org/fleet';
const DEVOPS = 'https://dev.azure.com/org/project/_git/fleet';
const SECRET = {
  githubAppID: '12',
  githubAppInstallationID: '34',
  githubAppPrivateKey: 'hunter',
  githubAppBaseURL: BASE,
};
const app = {
  id: '12',
  installation: { id: '34' },
  privateKey: 'hunter',
  apiUrl: BASE,
  source: 'Secret apps/api',
};
const gitHub = { provider: 'github', app } as const;
const azure = { provider: 'azure', resource: 'devops' } as const;
const aws = { provider: 'aws', region: 'r', host: 'h', path: '/p' } as const;

/** Access to a forge, and what was asked of the providers for it. */
async function access(
  git: GitAccess,
  pullRequest: { readonly provider: 'github' | 'gitlab' | 'azuredevops'; readonly apiUrl?: string },
  isByOwnSecret = false,
) {
  const asked: GitLoginRequest[] = [];
  const login = async (request: GitLoginRequest): Promise<GitLogin> => {
    asked.push(request);
    return request.provider.provider === 'github'
      ? { basic: { username: 'x-access-token', password: 'ghs' } }
      : { bearerToken: 'entra' };
  };
  const secretRef = isByOwnSecret ? { secretRef: { name: 'api' } } : {};
  const found = await forgeAccess(
    {
      automation: automation({ pullRequest: { ...pullRequest, ...secretRef } }),
      git,
      isLent: false,
    },
    { secrets: memorySecrets({ 'apps/api': SECRET }), gitLogins: { login } },
    never,
  );
  return { found, asked };
}

describe('access to a forge by a login for a while', () => {
  const basic = { username: 'x-access-token', password: 'ghs' };

  it('is by the GitHub App of the repo, at the API that it is of', async () => {
    const proxy = { url: 'http://proxy.example.com:3128' };
    const git = { url: FLEET, branch: 'main', provider: gitHub, ca: 'PEM', proxy };
    const { found, asked } = await access(git, { provider: 'github' });
    expect(found).toMatchObject({ kind: 'github', repoUrl: FLEET, apiUrl: BASE, basic, ca: 'PEM' });
    expect(asked).toEqual([{ provider: gitHub, ca: 'PEM', proxy }]);
  });

  it('is by a GitHub App of its own, beside an SSH key of the repo', async () => {
    const ssh = { identity: 'KEY', knownHosts: 'HOSTS' };
    const url = 'git@github.example.com:org/fleet';
    const { found, asked } = await access(
      { url, branch: 'main', ssh },
      { provider: 'github', apiUrl: `${BASE}/` },
      true,
    );
    expect(found).toMatchObject({ kind: 'github', repoUrl: url, apiUrl: BASE, basic });
    expect(asked).toEqual([{ provider: gitHub }]);
  });

  it('is by the identity at Azure, at the host of the repo', async () => {
    const git = { url: DEVOPS, branch: 'main', provider: azure };
    const { found } = await access(git, { provider: 'azuredevops' });
    expect(found).toEqual({ kind: 'azuredevops', repoUrl: DEVOPS, bearerToken: 'entra' });
  });

  it.each([
    [
      gitHub,
      FLEET,
      { provider: 'gitlab' },
      /^spec\.pullRequest\.provider: .* for github alone, not/,
    ],
    [
      azure,
      DEVOPS,
      { provider: 'gitlab' },
      /provider: git\.provider azure gives no login for gitlab/,
    ],
    [aws, DEVOPS, { provider: 'github' }, /provider: git\.provider aws gives no login for github/],
    // Whoever writes an automation could have the process's own token sent to himself.
    [
      azure,
      DEVOPS,
      { provider: 'azuredevops', apiUrl: 'https://evil.example.com' },
      /^spec\.pullRequest\.apiUrl: a login of azure goes to its own API alone: leave this out$/,
    ],
    [
      gitHub,
      FLEET,
      { provider: 'github', apiUrl: 'https://evil.example.com' },
      /^spec\.pullRequest\.apiUrl: a login of github goes to its own API alone/,
    ],
  ] as const)(
    'is refused at another forge or address: %#',
    async (provider, url, pullRequest, says) => {
      const failure = access({ url, branch: 'main', provider }, pullRequest);
      await expect(failure).rejects.toMatchObject({ code: 'resource/invalid' });
      await expect(failure).rejects.toThrow(says);
    },
  );
});
