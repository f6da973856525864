import { describe, expect, it } from 'vitest';
import { commitSigners } from '../../../src/app/access/commit-signer.ts';
import { AppError, type ErrorCode } from '../../../src/domain/errors.ts';
import type { ForgeAccess, ForgeCommits } from '../../../src/ports/forge.ts';
import type { GitLoginRequest, GitLogins } from '../../../src/ports/git-login.ts';
import type { GitAccess } from '../../../src/ports/ports.ts';
import { automation } from '../../support/builders.ts';
import { memoryPorts, never } from '../../support/memory-ports.ts';

const APP = {
  id: '12',
  installation: { id: '34' },
  privateKey: 'PEM',
  apiUrl: 'https://github.example.com/api/v3',
  source: 'Secret apps/app',
};
const WAY = {
  ca: 'PEM',
  clientCertificate: { certificate: 'PEM', key: 'KEY' },
  proxy: { url: 'http://proxy.example.com:3128' },
};
const GIT = {
  url: 'https://github.example.com/org/config',
  branch: 'main',
  provider: { provider: 'github', app: APP },
} as const satisfies GitAccess;
const TO_MAKE = { tree: 't', parent: 'p', parentTree: 'q', files: [], message: 'Update' };
const MADE = { id: 'c', content: new Uint8Array() };

/** The signer for a repo whose forge fails once for each of the codes. */
async function signer(git: GitAccess, ...failures: readonly ErrorCode[]) {
  const left = [...failures];
  const asked: (GitLoginRequest & { readonly refused: unknown })[] = [];
  const opened: ForgeAccess[] = [];
  const gitLogins: GitLogins = {
    login: async (request, _signal, refused) => {
      asked.push({ ...request, refused });
      return { basic: { username: 'x-access-token', password: `token ${asked.length}` } };
    },
  };
  const commits = async (access: ForgeAccess): Promise<ForgeCommits> => {
    opened.push(access);
    return {
      make: async () => {
        const code = left.shift();
        if (code !== undefined) throw new AppError(code, 'refused');
        return MADE;
      },
    };
  };
  const ports = memoryPorts();
  const given = { ...ports, gitLogins, open: { ...ports.open, commits } };
  const spec = {
    git: { url: git.url, provider: 'github', secretRef: { name: 'app' } },
    commit: { signedBy: 'github' },
  } as const;
  const found = await commitSigners(given, git)(automation(spec), never);
  if (found?.kind !== 'forge') throw new Error('no forge signs');
  return { make: () => found.make(TO_MAKE, never), asked, opened };
}

const token = (count: number) => ({ username: 'x-access-token', password: `token ${count}` });

describe('GitHub, as the signer of commits', () => {
  it('is asked at the API of the App, with its token and in the way that the repo is reached', async () => {
    const { make, asked, opened } = await signer({ ...GIT, ...WAY });
    expect(await make()).toBe(MADE);
    const { provider, url } = GIT;
    expect(asked).toEqual([{ provider, ...WAY, refused: undefined }]);
    const { apiUrl } = APP;
    expect(opened).toEqual([{ kind: 'github', repoUrl: url, apiUrl, basic: token(1), ...WAY }]);
  });

  it('is asked once more where it refuses a token', async () => {
    const { make, asked, opened } = await signer(GIT, 'git/unauthorized');
    expect(await make()).toBe(MADE);
    expect(asked.map(({ refused }) => refused)).toEqual([undefined, { basic: token(1) }]);
    expect(opened.map(({ basic }) => basic)).toEqual([token(1), token(2)]);
  });

  it.each([
    { failures: ['git/unauthorized', 'git/unauthorized'], logins: 2, code: 'git/unauthorized' },
    { failures: ['git/rejected'], logins: 1, code: 'git/rejected' },
  ] as const)('is not asked for ever: $failures', async ({ failures, logins, code }) => {
    const { make, asked } = await signer(GIT, ...failures);
    await expect(make()).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(logins);
  });

  it.each([
    { name: 'no login', git: { url: GIT.url, branch: 'main' } },
    { name: 'a password', git: { url: GIT.url, branch: 'main', basic: token(1) } },
    {
      name: 'a cloud’s login',
      git: {
        url: GIT.url,
        branch: 'main',
        provider: { provider: 'azure', resource: 'r' } as const,
      },
    },
  ])('signs for an App alone, and not for $name', async ({ git }) => {
    await expect(signer(git)).rejects.toMatchObject({
      code: 'resource/invalid',
      message: expect.stringContaining('GitHub signs the commits of a GitHub App alone') as string,
    });
  });
});
