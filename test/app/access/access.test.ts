import { describe, expect, it } from 'vitest';
import { gitAccess } from '../../../src/app/access/git-access.ts';
import { accessKey, registryAccess } from '../../../src/app/access/registry-access.ts';
import { asAppError } from '../../../src/domain/errors.ts';
import { automation, policy } from '../../support/builders.ts';
import { memorySecrets, never } from '../../support/memory-ports.ts';

type Secret = Record<string, string>;

describe('access to a registry', () => {
  const access = (spec: Parameters<typeof policy>[0], secrets: Record<string, Secret> = {}) =>
    registryAccess(policy(spec), memorySecrets(secrets), never);
  const secretRef = { name: 'login' };
  const certSecretRef = { name: 'ca' };

  it.each([
    { name: 'nothing', secret: undefined, want: {} },
    {
      name: 'a Docker configuration',
      secret: { '.dockerconfigjson': '{"auths":{}}' },
      want: { dockerConfigJson: '{"auths":{}}' },
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
      want: 'Secret apps/ca has no ca.crt',
    },
    // Another namespace's Secret of that name is not ours.
    {
      spec: { secretRef },
      secrets: { 'other/login': { '.dockerconfigjson': '{}' } },
      want: 'there is no Secret apps/login',
    },
  ])('fails with "$want"', async ({ spec, secrets, want }) => {
    await expect(access(spec, secrets)).rejects.toThrow(want);
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
      message: 'ImageUpdateAutomation apps/update: spec.git is needed',
    });
  });
});
