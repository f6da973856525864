import { describe, expect, it } from 'vitest';
import { repoAddress } from '../../../src/adapters/forge/repo-address.ts';

describe('repoAddress', () => {
  it.each([
    ['github', 'https://github.com/team/config.git', 'https://api.github.com', 'team/config'],
    ['github', 'git@github.com:team/config.git', 'https://api.github.com', 'team/config'],
    ['github', 'ssh://git@ghe.corp:2222/team/config', 'https://ghe.corp/api/v3', 'team/config'],
    ['gitlab', 'https://gitlab.com/a/b/c/config.git', 'https://gitlab.com/api/v4', 'a/b/c/config'],
    ['gitea', 'http://127.0.0.1:3000/team/config', 'http://127.0.0.1:3000/api/v1', 'team/config'],
    ['bitbucket', 'git@bitbucket.org:ws/config.git', 'https://api.bitbucket.org/2.0', 'ws/config'],
    ['azuredevops', 'https://dev.azure.com/o/p/_git/r', 'https://dev.azure.com', 'o/p/r'],
    ['azuredevops', 'https://o@dev.azure.com/o/_git/r', 'https://dev.azure.com', 'o/r/r'],
    ['azuredevops', 'git@ssh.dev.azure.com:v3/o/p/r', 'https://dev.azure.com', 'o/p/r'],
    ['azuredevops', 'https://tfs.corp/c/p/_git/r', 'https://tfs.corp', 'c/p/r'],
  ] as const)('finds the API of %s at %s', (kind, repoUrl, api, path) => {
    expect(repoAddress({ kind, repoUrl })).toEqual({ api, path: path.split('/') });
  });

  it('takes the API that it is given', () => {
    const access = {
      kind: 'github',
      repoUrl: 'https://x.corp/a/b',
      apiUrl: 'https://api.x.corp/',
    } as const;
    expect(repoAddress(access)).toEqual({ api: 'https://api.x.corp', path: ['a', 'b'] });
  });

  it.each([
    ['github', '/srv/git/config.git'],
    ['github', 'https://github.com/config'],
    ['github', 'https://github.com/a/b/c'],
    ['gitlab', 'https://gitlab.com/config'],
    ['azuredevops', 'https://dev.azure.com/o'],
    ['gitea', 'file:///srv/git/team/config'],
  ] as const)('refuses for %s what is no address of a repo there: %s', (kind, repoUrl) => {
    expect(() => repoAddress({ kind, repoUrl })).toThrow(
      expect.objectContaining({ code: 'resource/invalid' }) as Error,
    );
  });
});
