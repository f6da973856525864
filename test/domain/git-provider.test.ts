import { describe, expect, it } from 'vitest';
import {
  checkGitHubHost,
  checkGitHubUse,
  cloudRepoOf,
  describeProvider,
  type GitProviderUse,
} from '../../src/domain/git-provider.ts';

const codeCommit = (host: string, region: string, path = '/v1/repos/fleet') => ({
  provider: 'aws',
  host,
  region,
  path,
});
const devOps = { provider: 'azure', resource: '499b84ac-1321-427f-aa17-267ca6975798' };

describe('the repo of a cloud', () => {
  const eu = 'git-codecommit.eu-west-1.amazonaws.com';
  const fips = 'git-codecommit-fips.us-gov-west-1.amazonaws.com';
  const china = 'git-codecommit.cn-north-1.amazonaws.com.cn';
  it.each([
    ['aws', `https://${eu}/v1/repos/fleet`, codeCommit(eu, 'eu-west-1')],
    ['aws', `https://${eu}/v1/repos/fleet/`, codeCommit(eu, 'eu-west-1')],
    ['aws', `https://${eu}/v1/repos/a.b_c-d`, codeCommit(eu, 'eu-west-1', '/v1/repos/a.b_c-d')],
    ['aws', `https://${fips}/v1/repos/fleet`, codeCommit(fips, 'us-gov-west-1')],
    ['aws', `https://${china}/v1/repos/fleet`, codeCommit(china, 'cn-north-1')],
    ['azure', 'https://dev.azure.com/org/project/_git/fleet', devOps],
    ['azure', 'https://org.visualstudio.com/project/_git/fleet', devOps],
    ['generic', `https://${eu}/v1/repos/fleet`, undefined],
    ['github', 'https://github.com/org/fleet', undefined],
  ])('under %s, %s', (provider, url, want) => {
    expect(cloudRepoOf({ provider, url })).toEqual(want);
  });

  it.each([
    ['aws', `http://${eu}/v1/repos/fleet`],
    ['aws', `ssh://${eu}/v1/repos/fleet`],
    ['aws', `https://${eu}:8443/v1/repos/fleet`],
    ['aws', `https://${eu}.evil.example.com/v1/repos/fleet`],
    ['aws', `https://evil.${eu}/v1/repos/fleet`],
    ['aws', `https://${eu}`],
    ['aws', `https://${eu}/v1/repos/fleet/more`],
    ['aws', 'https://git-codecommit.evil.com/v1/repos/fleet'],
    ['aws', 'git@github.com:org/fleet'],
    ['azure', 'https://dev.azure.com.evil.example.com/org'],
    ['azure', 'https://dev.azure.com:8443/org'],
    ['azure', 'http://dev.azure.com/org'],
    ['azure', 'https://visualstudio.com/org'],
    ['azure', 'https://a.b.visualstudio.com/org'],
    ['azure', 'git@ssh.dev.azure.com:v3/org/project/fleet'],
  ])('under %s is refused for %s', (provider, url) => {
    expect(() => cloudRepoOf({ provider, url })).toThrow(
      /^spec\.git\.provider: \w+ gives logins for https:.+ alone; url names another$/,
    );
  });

  it.each<[Partial<GitProviderUse>, RegExp]>([
    [{ secretRef: { name: 'a' } }, /: aws gives the login: leave out secretRef$/],
    // A tenant's CA and proxy together could listen in on what is sent to the cloud's own host.
    [{ certSecretRef: { name: 'a' } }, /: the login of aws .* leave out certSecretRef$/],
  ])('is refused where a login could come from elsewhere, or be seen: %j', (use, says) => {
    const url = `https://${eu}/v1/repos/fleet`;
    expect(() => cloudRepoOf({ provider: 'aws', url, ...use })).toThrow(says);
  });
});

describe('a GitHub App', () => {
  const secretRef = { name: 'app' };
  const app = (apiUrl: string) => ({
    id: '12',
    installation: { id: '34' },
    privateKey: 'KEY',
    apiUrl,
    source: 'Secret apps/app',
  });

  it('is named with its Secret', () => {
    const given = { provider: 'github', app: app('https://api.github.com') } as const;
    expect(describeProvider(given)).toBe('GitHub App 12 of Secret apps/app');
    expect(describeProvider({ provider: 'azure', resource: 'r' })).toBe(
      "this process's identity at azure",
    );
  });

  it('is in a Secret, and for a repo by HTTPS', () => {
    const url = 'https://github.com/org/fleet';
    expect(() => checkGitHubUse({ provider: 'github', url, secretRef })).not.toThrow();
    expect(() => checkGitHubUse({ provider: 'github', url })).toThrow('name it in secretRef');
    for (const other of ['http://github.com/org/fleet', 'git@github.com:org/fleet'])
      expect(() => checkGitHubUse({ provider: 'github', url: other, secretRef })).toThrow(
        'logs in over HTTPS alone',
      );
  });

  it.each([
    ['https://github.com/org/fleet', 'https://api.github.com'],
    ['https://acme.ghe.com/org/fleet', 'https://api.acme.ghe.com'],
    ['https://github.example.com/org/fleet', 'https://github.example.com/api/v3'],
    ['https://github.example.com:8443/org/fleet', 'https://github.example.com:8443/api/v3'],
  ])('may log in to %s, whose API is %s', (url, apiUrl) => {
    expect(() => checkGitHubHost(url, app(apiUrl))).not.toThrow();
  });

  it.each([
    ['https://gitlab.com/org/fleet', 'https://api.github.com'],
    ['https://github.com.evil.example.com/org/fleet', 'https://api.github.com'],
    ['https://github.example.com/org/fleet', 'https://api.github.com'],
    ['https://github.example.com/org/fleet', 'https://github.example.com:8443/api/v3'],
    ['https://com/org/fleet', 'https://github.com'],
  ])('is not shown to %s, whose API is not %s', (url, apiUrl) => {
    expect(() => checkGitHubHost(url, app(apiUrl))).toThrow(
      /^spec\.git\.provider: the GitHub App of Secret apps\/app is one of .+, and the repo is at .+ githubAppBaseURL/,
    );
  });
});
