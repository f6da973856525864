import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openForge } from '../../../src/adapters/forge/open-forge.ts';
import type { ProcessWay } from '../../../src/connections/process-way.ts';
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

  const list = (given: ForgeAccess, own?: ProcessWay) =>
    openForge(given, own).list({ base: 'main', state: 'open' }, never);

  it('is the one of the repo: its CA, its client certificate, its proxy', async () => {
    expect(await list(access)).toEqual([]);
    expect(proxy.log.at(-1)).toBe(`CONNECT ${FORGE}:443 200`);
  });

  it('is through the proxy of the process where the repo names none', async () => {
    const { proxy: named, ...others } = access;
    if (named === undefined) throw new Error('no proxy');
    const before = proxy.log.length;
    expect(await list(others, { proxies: { https: named, exceptions: '' } })).toEqual([]);
    expect(proxy.log).toHaveLength(before + 1);
  });

  it('is trusted by the CA of the process besides that of the repo', async () => {
    const { ca, ...others } = access;
    const stranger = makeCertificate(area.path, { file: 'stranger' }).cert;
    for (const [own, given] of [
      [ca, stranger],
      [stranger, ca],
    ]) {
      const way = { ca: own, proxies: { exceptions: '' } };
      expect(await list({ ...others, ...(given && { ca: given }) }, way)).toEqual([]);
    }
  });

  it.each<[string, () => Partial<ForgeAccess>, boolean, RegExp]>([
    [
      'a proxy that wants another login',
      () => ({ proxy: { url: proxy.url, login: { ...login, password: 'planted too' } } }),
      false,
      /: the proxy http:\/\/127\.0\.0\.1:\d+ wants another login \(407\); check username and password of proxySecretRef/,
    ],
    [
      'a proxy that is not there',
      () => ({ proxy: { url: 'http://127.0.0.1:1' } }),
      true,
      /: the proxy http:\/\/127\.0\.0\.1:1 cannot be reached$/,
    ],
    [
      'a CA that nobody knows',
      () => ({ ca: access.clientCertificate?.certificate ?? '' }),
      true,
      /: the forge cannot be reached \(\w*SELF_SIGNED_CERT\)$/,
    ],
  ])('is told when it is barred by %s', async (_, other, retry, says) => {
    const failure = list({ ...access, ...other() });
    await expect(failure).rejects.toMatchObject({ code: 'forge/unreachable', retry });
    await expect(failure).rejects.toThrow(says);
    await expect(failure).rejects.not.toThrow('planted');
  });

  it('is not set out on with what is no certificate', () => {
    expect(() => openForge({ ...access, ca: 'planted' })).toThrow('the CA is not a PEM file');
  });
});
