import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForge } from '../../../src/adapters/forge/open-forge.ts';
import type { EnvironmentProxies } from '../../../src/connections/environment-proxy.ts';
import type { ForgeAccess } from '../../../src/ports/forge.ts';
import { scratch } from '../../support/git/repo.ts';
import { never } from '../../support/memory-ports.ts';
import { type ConnectProxy, startConnectProxy } from '../../support/proxy/connect-proxy.ts';
import { skipWithout } from '../../support/registry/availability.ts';
import { makeCertificate } from '../../support/registry/certificate.ts';
import { type Loopback, startLoopback } from '../../support/registry/loopback.ts';

const FORGE = 'gitlab.example.com';

describe.skipIf(skipWithout('openssl'))('the way to a forge', () => {
  const area = scratch();
  const login = { username: 'ana', password: 'planted' };
  let api: Loopback;
  let proxy: ConnectProxy;
  let access: ForgeAccess;
  beforeAll(async () => {
    const server = makeCertificate(area.path, { hosts: [FORGE] });
    const client = makeCertificate(area.path, { file: 'client' });
    const demand = { requestCert: true, rejectUnauthorized: true, ca: client.cert };
    api = await startLoopback(() => ({ body: [] }), { ...server, ...demand });
    proxy = await startConnectProxy({ login, routes: { [`${FORGE}:443`]: api.host } });
    access = {
      kind: 'gitlab',
      repoUrl: `https://${FORGE}/team/config`,
      bearerToken: 'planted',
      ca: server.cert,
      clientCertificate: { certificate: client.cert, key: client.key },
      proxy: { url: proxy.url, login },
    };
  });
  afterAll(async () => {
    await Promise.all([api.close(), proxy.close()]);
    area.remove();
  });

  const list = (given: ForgeAccess, proxies?: EnvironmentProxies) =>
    openForge(given, proxies).list({ base: 'main', state: 'open' }, never);

  it('is the one of the repo: its CA, its client certificate, its proxy', async () => {
    expect(await list(access)).toEqual([]);
    expect(proxy.log.at(-1)).toBe(`CONNECT ${FORGE}:443 200`);
  });

  it('is through the proxy of the process where the repo names none', async () => {
    const { proxy: named, ...others } = access;
    if (named === undefined) throw new Error('no proxy');
    const before = proxy.log.length;
    expect(await list(others, { https: named, exceptions: '' })).toEqual([]);
    expect(proxy.log).toHaveLength(before + 1);
  });

  it.each<[string, () => Partial<ForgeAccess>, RegExp]>([
    [
      'a proxy that wants another login',
      () => ({ proxy: { url: proxy.url, login: { ...login, password: 'planted too' } } }),
      /: the proxy http:\/\/127\.0\.0\.1:\d+ lets nobody through \(HTTP 407\)$/,
    ],
    [
      'a proxy that is not there',
      () => ({ proxy: { url: 'http://127.0.0.1:1' } }),
      /: the proxy http:\/\/127\.0\.0\.1:1 cannot be reached$/,
    ],
    [
      'a CA that nobody knows',
      () => ({ ca: access.clientCertificate?.certificate ?? '' }),
      /: the forge cannot be reached \(\w*SELF_SIGNED_CERT\)$/,
    ],
  ])('is told when it is barred by %s', async (_, other, says) => {
    const failure = list({ ...access, ...other() });
    await expect(failure).rejects.toMatchObject({ code: 'forge/unreachable', retry: true });
    await expect(failure).rejects.toThrow(says);
    await expect(failure).rejects.not.toThrow('planted');
  });

  it('is not set out on with what is no certificate', () => {
    expect(() => openForge({ ...access, ca: 'planted' })).toThrow('the CA is not a PEM file');
  });
});
