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
  const access = (secret?: Secret, ca?: Secret) =>
    gitAccess(
      automation({
        git: {
          url,
          branch: 'live',
          ...(secret === undefined ? {} : { secretRef: { name: 'login' } }),
          ...(ca === undefined ? {} : { certSecretRef: { name: 'ca' } }),
        },
      }),
      memorySecrets({
        ...(secret === undefined ? {} : { 'apps/login': secret }),
        ...(ca === undefined ? {} : { 'apps/ca': ca }),
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
      name: 'an SSH identity, whose password is not the server’s',
      secret: { identity: 'KEY', known_hosts: 'HOSTS', username: 'u', password: 'p' },
      want: { ssh: { identity: 'KEY', knownHosts: 'HOSTS' } },
    },
  ])('logs in with $name', async ({ secret, want }) => {
    expect(await access(secret)).toEqual({ ...want, url, branch: 'live' });
  });

  it('trusts a CA of its own Secret first', async () => {
    const both = await access({ bearerToken: 't', 'ca.crt': 'A' }, { 'ca.crt': 'B' });
    expect(both.ca).toBe('B');
  });

  it.each([
    {
      secret: { identity: 'KEY' },
      want: 'Secret apps/login has an identity but no known_hosts: the server could be anyone',
    },
    {
      secret: { username: 'hunter2' },
      want: 'Secret apps/login has neither bearerToken, nor username and password, nor identity and known_hosts',
    },
    { secret: undefined, ca: { ca: 'PEM' }, want: 'Secret apps/ca has no ca.crt' },
    {
      secret: undefined,
      ca: { 'ca.crt': 'PEM', 'tls.crt': 'PEM' },
      want: 'Secret apps/ca has a client certificate (tls.crt): not supported yet; name a Secret with ca.crt alone',
    },
  ])('fails with "$want"', async ({ secret, ca, want }) => {
    const error = asAppError(await access(secret, ca).catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'secret/invalid', message: want });
    expect(error.message).not.toMatch(/hunter2|KEY|PEM/);
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
