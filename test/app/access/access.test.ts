import { describe, expect, it } from 'vitest';
import { localSecrets } from '../../../src/adapters/files/local-secrets.ts';
import { gitAccess } from '../../../src/app/access/git-access.ts';
import { accessKey, registryAccess } from '../../../src/app/access/registry-access.ts';
import { asAppError } from '../../../src/domain/errors.ts';
import type { Secrets } from '../../../src/ports/ports.ts';
import { automation, policy } from '../../support/builders.ts';
import { memorySecrets, never, noClouds } from '../../support/memory-ports.ts';

type Secret = Record<string, string>;

const portsOf = (secrets: Secrets) => ({ secrets, clouds: noClouds });

describe('access to a registry', () => {
  const access = (spec: Parameters<typeof policy>[0], secrets: Record<string, Secret> = {}) =>
    registryAccess(policy(spec), portsOf(memorySecrets(secrets)), never);
  const secretRef = { name: 'login' };
  const certSecretRef = { name: 'ca' };
  const proxySecretRef = { name: 'proxy' };

  it.each([
    { name: 'nothing', secret: undefined, want: {} },
    {
      name: 'a Docker configuration',
      secret: { '.dockerconfigjson': '{"auths":{}}' },
      want: { dockerConfigs: [{ json: '{"auths":{}}', source: 'Secret apps/login' }] },
    },
    {
      name: 'user name and password',
      secret: { username: 'u', password: 'p' },
      want: { basic: { username: 'u', password: 'p' } },
    },
  ])('logs in with $name', async ({ secret, want }) => {
    const given = secret === undefined ? {} : { 'apps/login': secret };
    const spec = secret === undefined ? {} : { secretRef };
    expect(await access(spec, given)).toEqual({ ...want, insecure: false, timeoutMs: 60_000 });
  });

  it('trusts a CA, and keeps the policy’s timeout and word on plain HTTP', async () => {
    const spec = { certSecretRef, insecure: true, timeout: '5s' };
    expect(await access(spec, { 'apps/ca': { 'ca.crt': 'PEM' } })).toEqual({
      ca: 'PEM',
      insecure: true,
      timeoutMs: 5_000,
    });
  });

  it.each([
    { spec: { secretRef }, secrets: {}, want: 'there is no Secret apps/login' },
    {
      spec: { secretRef },
      secrets: { 'apps/login': { username: 'hunter' } },
      want: 'Secret apps/login has neither .dockerconfigjson nor username and password',
    },
    {
      spec: { certSecretRef },
      secrets: { 'apps/ca': { ca: 'PEM' } },
      want: 'Secret apps/ca has neither ca.crt, nor tls.crt and tls.key',
    },
    {
      spec: { certSecretRef },
      secrets: { 'apps/ca': { 'ca.crt': 'PEM', 'tls.crt': 'PEM' } },
      want: 'Secret apps/ca has a tls.crt, but no tls.key',
    },
    {
      spec: { certSecretRef },
      secrets: { 'apps/ca': { keyFile: 'hunter' } },
      want: 'Secret apps/ca has a tls.key, but no tls.crt',
    },
    {
      spec: { proxySecretRef },
      secrets: { 'apps/proxy': { username: 'hunter' } },
      want: 'Secret apps/proxy has no address',
    },
    {
      spec: { proxySecretRef },
      secrets: { 'apps/proxy': { address: 'socks5://me:hunter@proxy:1080' } },
      want: 'Secret apps/proxy: address must be that of an HTTP proxy, such as http://proxy.example.com:3128',
    },
    {
      spec: { proxySecretRef },
      secrets: { 'apps/proxy': { address: 'http://proxy:3128', username: 'hunter' } },
      want: 'Secret apps/proxy has a login for the proxy, but no password',
    },
    // Another namespace's Secret of that name is not ours.
    {
      spec: { secretRef },
      secrets: { 'other/login': { '.dockerconfigjson': '{}' } },
      want: 'there is no Secret apps/login',
    },
  ])('fails with "$want"', async ({ spec, secrets, want }) => {
    const error = asAppError(await access(spec, secrets).catch((thrown: unknown) => thrown));
    expect(error.message).toBe(want);
  });

  it.each([
    { secret: { 'tls.crt': 'C', 'tls.key': 'K' }, want: {} },
    { secret: { certFile: 'C', keyFile: 'K' }, want: {} },
    { secret: { 'tls.crt': 'C', 'tls.key': 'K', 'ca.crt': 'PEM' }, want: { ca: 'PEM' } },
    { secret: { certFile: 'C', keyFile: 'K', caFile: 'PEM' }, want: { ca: 'PEM' } },
  ])('shows a client certificate under today’s and Flux’s older keys: %#', async (row) => {
    expect(await access({ certSecretRef }, { 'apps/ca': row.secret })).toMatchObject({
      ...row.want,
      clientCertificate: { certificate: 'C', key: 'K' },
    });
  });

  it.each([
    { secret: { address: 'https://proxy:3128/' }, want: { url: 'https://proxy:3128' } },
    { secret: { address: 'proxy:3128' }, want: { url: 'http://proxy:3128' } },
    {
      secret: { address: 'http://proxy:3128', username: 'u', password: 'p' },
      want: { url: 'http://proxy:3128', login: { username: 'u', password: 'p' } },
    },
    {
      secret: { address: 'http://u:p%40@proxy:3128' },
      want: { url: 'http://proxy:3128', login: { username: 'u', password: 'p@' } },
    },
  ])('goes through the proxy that a Secret names: %#', async ({ secret, want }) => {
    const { proxy } = await access({ proxySecretRef }, { 'apps/proxy': secret });
    expect(proxy).toEqual(want);
  });

  describe('of a ServiceAccount', () => {
    const login = { '.dockerconfigjson': '{"auths":{"a":{}}}' };
    const spec = { serviceAccountName: 'app' };
    const pulling = (
      given: Parameters<typeof policy>[0],
      secrets: Record<string, Secret>,
      accounts: Record<string, readonly string[]> = { 'apps/app': ['one', 'two'] },
    ) => registryAccess(policy(given), portsOf(memorySecrets(secrets, accounts)), never);

    it('takes all pull Secrets, in today’s and the older form, behind a secretRef’s', async () => {
      const secrets = {
        'apps/one': login,
        'apps/two': { '.dockercfg': '{"b":{}}' },
        'apps/login': { '.dockerconfigjson': '{}' },
      };
      const access = await pulling({ ...spec, secretRef }, secrets);
      expect(access.dockerConfigs).toEqual([
        { json: '{}', source: 'Secret apps/login' },
        { json: '{"auths":{"a":{}}}', source: 'Secret apps/one' },
        { json: '{"auths":{"b":{}}}', source: 'Secret apps/two' },
      ]);
    });

    it('without pull Secrets gives no login, not even this process’s own', async () => {
      expect((await pulling(spec, {}, { 'apps/app': [] })).dockerConfigs).toEqual([]);
    });

    it.each([
      { secrets: {}, accounts: {}, want: 'there is no ServiceAccount apps/app' },
      { secrets: {}, accounts: { 'apps/app': ['one'] }, want: 'there is no Secret apps/one' },
      {
        secrets: { 'apps/one': { password: 'hunter' } },
        accounts: { 'apps/app': ['one'] },
        want: 'Secret apps/one, a pull Secret of ServiceAccount apps/app, has no .dockerconfigjson',
      },
    ])('fails with "$want"', async ({ secrets, accounts, want }) => {
      await expect(
        pulling(spec, secrets as Record<string, Secret>, accounts as Record<string, string[]>),
      ).rejects.toThrow(want);
    });

    it('is refused where there is no cluster, with what to do instead', async () => {
      const access = registryAccess(policy(spec), portsOf(localSecrets(undefined, {})), never);
      await expect(access).rejects.toMatchObject({
        code: 'resource/not-supported',
        message:
          'spec.serviceAccountName: ServiceAccounts are in clusters only; name the pull Secret by spec.secretRef',
      });
    });
  });

  it('is alike for policies without Secrets in any namespace, and else only within one', () => {
    expect(accessKey(policy({}, 'a/x'))).toBe(accessKey(policy({}, 'b/y')));
    expect(accessKey(policy({ secretRef }, 'a/x'))).toBe(accessKey(policy({ secretRef }, 'a/y')));
    expect(accessKey(policy({ secretRef }, 'a/x'))).not.toBe(
      accessKey(policy({ secretRef }, 'b/x')),
    );
    expect(accessKey(policy({ secretRef }))).not.toBe(
      accessKey(policy({ certSecretRef: secretRef })),
    );
    expect(accessKey(policy({ certSecretRef: secretRef }))).not.toBe(
      accessKey(policy({ proxySecretRef: secretRef })),
    );
    expect(accessKey(policy({ serviceAccountName: 'login' }))).not.toBe(
      accessKey(policy({ secretRef })),
    );
    expect(accessKey(policy({}))).not.toBe(accessKey(policy({ insecure: true })));
  });
});

describe('access to Git', () => {
  const url = 'https://git.example.com/config.git';
  const access = (
    secret?: Secret,
    ca?: Secret,
    more: { readonly url?: string; readonly proxy?: Secret } = {},
  ) =>
    gitAccess(
      automation({
        git: {
          url: more.url ?? url,
          branch: 'live',
          ...(secret === undefined ? {} : { secretRef: { name: 'login' } }),
          ...(ca === undefined ? {} : { certSecretRef: { name: 'ca' } }),
          ...(more.proxy === undefined ? {} : { proxySecretRef: { name: 'proxy' } }),
        },
      }),
      memorySecrets({
        ...(secret === undefined ? {} : { 'apps/login': secret }),
        ...(ca === undefined ? {} : { 'apps/ca': ca }),
        ...(more.proxy === undefined ? {} : { 'apps/proxy': more.proxy }),
      }),
      never,
    );

  it.each([
    { name: 'nothing', secret: undefined, want: {} },
    {
      name: 'user name and password',
      secret: { username: 'u', password: 'p' },
      want: { basic: { username: 'u', password: 'p' } },
    },
    {
      name: 'a bearer token, before a password',
      secret: { bearerToken: 't', username: 'u', password: 'p' },
      want: { bearerToken: 't' },
    },
    {
      name: 'a CA beside the login',
      secret: { bearerToken: 't', 'ca.crt': 'PEM' },
      want: { bearerToken: 't', ca: 'PEM' },
    },
    {
      name: 'a CA under Flux’s older key',
      secret: { bearerToken: 't', caFile: 'PEM' },
      want: { bearerToken: 't', ca: 'PEM' },
    },
    {
      name: 'a CA alone, for a public repo',
      secret: { 'ca.crt': 'PEM' },
      want: { ca: 'PEM' },
    },
    {
      name: 'a client certificate alone, as Flux has it',
      secret: { 'ca.crt': 'PEM', 'tls.crt': 'C', 'tls.key': 'K' },
      want: { ca: 'PEM', clientCertificate: { certificate: 'C', key: 'K' } },
    },
    {
      name: 'a client certificate beside a password',
      secret: { username: 'u', password: 'p', certFile: 'C', keyFile: 'K' },
      want: {
        basic: { username: 'u', password: 'p' },
        clientCertificate: { certificate: 'C', key: 'K' },
      },
    },
    {
      name: 'what HTTPS needs, of a Secret that is for SSH too',
      secret: { identity: 'KEY', known_hosts: 'HOSTS', username: 'u', password: 'p' },
      want: { basic: { username: 'u', password: 'p' } },
    },
  ])('logs in with $name', async ({ secret, want }) => {
    expect(await access(secret)).toEqual({ ...want, url, branch: 'live' });
  });

  it.each([
    {
      name: 'as Flux has it, its public half left aside',
      secret: { identity: 'KEY', 'identity.pub': 'PUB', known_hosts: 'HOSTS' },
      want: { identity: 'KEY', knownHosts: 'HOSTS' },
    },
    {
      name: 'with the passphrase that opens it',
      secret: { identity: 'KEY', known_hosts: 'HOSTS', username: 'u', password: 'p' },
      want: { identity: 'KEY', knownHosts: 'HOSTS', passphrase: 'p' },
    },
    {
      name: 'of a Secret of type kubernetes.io/ssh-auth',
      secret: { 'ssh-privatekey': 'KEY', known_hosts: 'HOSTS' },
      want: { identity: 'KEY', knownHosts: 'HOSTS' },
    },
  ])('logs in over SSH by an identity $name', async ({ secret, want }) => {
    for (const address of ['git@git.example.com:config', 'ssh://git@git.example.com/config']) {
      const found = await access(secret, undefined, { url: address });
      expect(found).toEqual({ ssh: want, url: address, branch: 'live' });
    }
  });

  it('goes through the proxy that a Secret names', async () => {
    const proxy = { address: 'http://proxy.example.com:3128', username: 'u', password: 'p' };
    const found = await access(undefined, undefined, { url, proxy });
    expect(found.proxy).toEqual({
      url: 'http://proxy.example.com:3128',
      login: { username: 'u', password: 'p' },
    });
  });

  it('takes certificates of their own Secret before those beside the login', async () => {
    const certificates = { 'tls.crt': 'C', 'tls.key': 'K' };
    const both = await access({ bearerToken: 't', 'ca.crt': 'A' }, certificates);
    expect(both).toMatchObject({ ca: 'A', clientCertificate: { certificate: 'C', key: 'K' } });
  });

  it('trusts a CA of its own Secret first', async () => {
    const both = await access({ bearerToken: 't', 'ca.crt': 'A' }, { 'ca.crt': 'B' });
    expect(both.ca).toBe('B');
  });

  it.each<{ url: string; secret?: Secret; ca?: Secret; proxy?: Secret; want: string }>([
    {
      url: 'git@git.example.com:config',
      secret: { identity: 'KEY' },
      want: 'Secret apps/login has an identity but no known_hosts: the server could be anyone',
    },
    {
      url: 'ssh://git@git.example.com/config',
      secret: { username: 'u', password: 'hunter2' },
      want: 'Secret apps/login has no identity: over SSH a private key logs in, or ssh-privatekey of a kubernetes.io/ssh-auth Secret',
    },
    ...[
      { username: 'hunter2' },
      { password: 'hunter2', 'ca.crt': 'PEM' },
      { identity: 'KEY', known_hosts: 'HOSTS' },
    ].map((secret) => ({
      url,
      secret,
      want: 'Secret apps/login has neither bearerToken, nor username and password, nor tls.crt and tls.key; for a public repo ca.crt alone will do',
    })),
    {
      url,
      secret: { bearerToken: 't', 'tls.crt': 'PEM' },
      want: 'Secret apps/login has a tls.crt, but no tls.key',
    },
    {
      url,
      ca: { ca: 'PEM' },
      want: 'Secret apps/ca has neither ca.crt, nor tls.crt and tls.key',
    },
    {
      url,
      proxy: { address: 'socks5://hunter2@proxy:1' },
      want: 'Secret apps/proxy: address must be that of an HTTP proxy, such as http://proxy.example.com:3128',
    },
  ])('fails with "$want"', async ({ secret, ca, want, ...more }) => {
    const error = asAppError(await access(secret, ca, more).catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'secret/invalid', message: want });
    expect(error.message).not.toMatch(/hunter2|KEY|PEM/);
  });

  const gitHub = (more: Secret = {}, repo = 'https://github.com/org/config') => {
    const secret = { githubAppID: '12', githubAppPrivateKey: 'KEY', ...more };
    const git = { url: repo, provider: 'github', secretRef: { name: 'login' } } as const;
    return gitAccess(automation({ git }), memorySecrets({ 'apps/login': secret }), never);
  };
  const byId = { githubAppInstallationID: '34' };
  const enterprise = 'https://github.example.com/api/v3';

  it.each([
    {
      name: 'by the number of its installation',
      secret: byId,
      want: { installation: { id: '34' }, apiUrl: 'https://api.github.com' },
    },
    {
      name: 'by the owner',
      secret: { githubAppInstallationOwner: ' org\n' },
      want: { installation: { owner: 'org' }, apiUrl: 'https://api.github.com' },
    },
    {
      name: 'of a GitHub Enterprise Server',
      secret: { ...byId, githubAppBaseURL: `${enterprise}/` },
      repo: 'https://github.example.com/org/config',
      want: { installation: { id: '34' }, apiUrl: enterprise },
    },
  ])('has a GitHub App $name', async ({ secret, repo, want }) => {
    const app = { id: '12', privateKey: 'KEY', source: 'Secret apps/login', ...want };
    const access = await gitHub(secret, repo);
    expect(access).toMatchObject({ provider: { provider: 'github', app }, branch: 'main' });
    expect(access).not.toHaveProperty('basic');
  });

  it('trusts the CA beside a GitHub App', async () => {
    expect(await gitHub({ ...byId, 'ca.crt': 'PEM' })).toMatchObject({ ca: 'PEM' });
  });

  it.each<[Secret, string]>([
    [{}, 'has no githubAppInstallationID or githubAppInstallationOwner'],
    [{ ...byId, githubAppInstallationOwner: 'org' }, 'keep one of them'],
    [{ githubAppInstallationID: '3/4' }, ': githubAppInstallationID must be the number or name'],
    [{ ...byId, githubAppID: '' }, ': githubAppID must be the number or name'],
    [{ ...byId, githubAppBaseURL: 'http://github.example.com' }, ': githubAppBaseURL must be'],
    [{ ...byId, githubAppBaseURL: 'https://a:hunter2@x.io' }, ': githubAppBaseURL must be'],
    [{ ...byId, githubAppBaseURL: 'hunter2' }, ': githubAppBaseURL must be the address'],
  ])('refuses what is no GitHub App: %#', async (secret, says) => {
    const error = asAppError(await gitHub(secret).catch((thrown: unknown) => thrown));
    expect(error.code).toBe('secret/invalid');
    expect(error.message).toContain('Secret apps/login');
    expect(error.message).toContain(says);
    expect(error.message).not.toMatch(/hunter2|KEY/);
  });

  it('refuses a Secret that lacks the App or its key', async () => {
    const git = {
      url: 'https://github.com/org/config',
      provider: 'github',
      secretRef: { name: 'login' },
    } as const;
    const refusal = (secret: Secret) =>
      gitAccess(automation({ git }), memorySecrets({ 'apps/login': secret }), never);
    await expect(refusal({ username: 'u', password: 'p' })).rejects.toThrow('has no githubAppID');
    await expect(refusal({ githubAppID: '12', ...byId })).rejects.toThrow(
      'has no githubAppPrivateKey',
    );
  });

  it('keeps an App’s tokens from hosts that are not its GitHub', async () => {
    await expect(gitHub(byId, 'https://gitlab.com/org/config')).rejects.toThrow(
      'the GitHub App of Secret apps/login is one of github.com, and the repo is at gitlab.com',
    );
    await expect(gitHub(byId, 'http://github.com/org/config')).rejects.toThrow('over HTTPS alone');
  });

  it('takes no GitHub App without being told to', async () => {
    await expect(access({ githubAppID: '12', githubAppPrivateKey: 'KEY' })).rejects.toThrow(
      'Secret apps/login has a GitHub App, which counts under git.provider github alone',
    );
  });

  it.each([
    ['azure', 'https://dev.azure.com/org/project/_git/config'],
    ['aws', 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/config'],
  ] as const)('is by the process’s own identity at %s', async (provider, repo) => {
    const own = await gitAccess(
      automation({ git: { url: repo, provider } }),
      memorySecrets(),
      never,
    );
    expect(own).toMatchObject({ url: repo, provider: { provider } });
  });

  it('fails without a Secret that is named', async () => {
    const naming = automation({ git: { url, secretRef: { name: 'login' } } });
    await expect(gitAccess(naming, memorySecrets(), never)).rejects.toMatchObject({
      code: 'secret/not-found',
    });
  });

  it('needs to be said in the automation', async () => {
    const elsewhere = automation({
      git: undefined,
      sourceRef: { kind: 'GitRepository', name: 'config' },
    });
    await expect(gitAccess(elsewhere, memorySecrets(), never)).rejects.toMatchObject({
      code: 'resource/not-supported',
      message: expect.stringMatching(
        /^ImageUpdateAutomation apps\/update: spec\.sourceRef needs a cluster/,
      ) as string,
    });
  });
});
