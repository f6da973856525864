import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localSecrets } from '../../../src/adapters/files/local-secrets.ts';
import { never } from '../../support/memory-ports.ts';

describe('Secrets without a cluster', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lockkeeper-secrets-'));
    const files = {
      'apps/egress/address': 'http://proxy:3128\n',
      'apps/egress/username': 'squid\r\n',
      'apps/egress/password': 'two\nlines\n',
      'apps/egress/..data': 'how Kubernetes swaps them',
      'registry-tls/tls.key': 'PEM\n',
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    {
      name: 'egress',
      want: { address: 'http://proxy:3128', username: 'squid', password: 'two\nlines' },
    },
    { name: 'registry-tls', want: { 'tls.key': 'PEM\n' } },
    { name: 'none', want: undefined },
  ])('are folders: $name', async ({ name, want }) => {
    expect(await localSecrets(folder, {}).get('apps', name, never)).toEqual(want);
  });

  it('are variables, for every key that a login, a certificate or a proxy has', async () => {
    const keys = {
      USERNAME: 'username',
      PASSWORD: 'password',
      BEARERTOKEN: 'bearerToken',
      DOCKERCONFIGJSON: '.dockerconfigjson',
      CA_CRT: 'ca.crt',
      TLS_CRT: 'tls.crt',
      TLS_KEY: 'tls.key',
      ADDRESS: 'address',
      IDENTITY: 'identity',
      SSH_PRIVATEKEY: 'ssh-privatekey',
      KNOWN_HOSTS: 'known_hosts',
      GITHUBAPPID: 'githubAppID',
      GITHUBAPPINSTALLATIONID: 'githubAppInstallationID',
      GITHUBAPPINSTALLATIONOWNER: 'githubAppInstallationOwner',
      GITHUBAPPPRIVATEKEY: 'githubAppPrivateKey',
      GITHUBAPPBASEURL: 'githubAppBaseURL',
    };
    const env = Object.fromEntries(
      Object.entries(keys).map(([ending, key]) => [`LOCKKEEPER_SECRET_MY_LOGIN_${ending}`, key]),
    );
    const secret = await localSecrets(undefined, env).get('apps', 'my-login', never);
    expect(secret).toMatchObject(Object.fromEntries(Object.values(keys).map((key) => [key, key])));
    expect(await localSecrets(undefined, env).get('apps', 'other', never)).toBeUndefined();
  });

  it.each(['../egress', 'apps/egress', 'A', ''])('are never looked for as %j', async (name) => {
    await expect(localSecrets(folder, {}).get('apps', name, never)).rejects.toMatchObject({
      code: 'secret/invalid',
    });
  });
});
