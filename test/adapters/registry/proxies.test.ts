import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STRAIGHT } from '../../../src/connections/process-way.ts';
import type { Proxy } from '../../../src/domain/proxy.ts';
import type { RegistryAccess } from '../../../src/ports/registry.ts';
import {
  type ConnectProxy,
  type ConnectProxyOptions,
  startConnectProxy,
} from '../../support/proxy/connect-proxy.ts';
import { skipWithout } from '../../support/registry/availability.ts';
import { makeCertificate } from '../../support/registry/certificate.ts';
import { clientOf, loopbackClient } from '../../support/registry/client.ts';
import { type RunningRegistry, startRegistry } from '../../support/registry/start-registry.ts';

const login = { username: 'squid', password: 'planted:proxy@password' };

/** A name that exists behind the proxy only. */
const BEHIND = 'registry.test';
const TOKENS = 'tokens.test';

async function start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe.skipIf(skipWithout('distribution', 'openssl'))('a real registry behind a proxy', () => {
  let server: RunningRegistry;

  beforeAll(async () => {
    server = await startRegistry({
      kind: 'distribution',
      tls: true,
      auth: 'token',
      clientCertificate: true,
      hosts: [BEHIND, TOKENS],
      tokenHost: TOKENS,
    });
    await server.pushTags('team/app', ['1.0', '2.0']);
  }, 60_000);

  afterAll(() => server.stop());

  /** What the proxy's resolver knows. */
  const routes = () => ({
    [`${BEHIND}:443`]: server.host,
    [`${TOKENS}:443`]: server.tokenAddress,
  });

  const access = (proxy?: Proxy): Partial<RegistryAccess> => ({
    insecure: false,
    basic: { username: server.username, password: server.password },
    ...(server.ca === undefined ? {} : { ca: server.ca }),
    ...(server.clientCertificate && { clientCertificate: server.clientCertificate }),
    ...(proxy === undefined ? {} : { proxy }),
  });

  it('is reached with the proxy’s login, its token service too, over few connections', async () => {
    const proxy = await start({ login, routes: routes() });
    const { listTags, digest } = clientOf(BEHIND);
    const through = access({ url: proxy.url, login });
    await expect(listTags(through)).resolves.toEqual(['1.0', '2.0']);
    await expect(digest('1.0', through)).resolves.toMatch(/^sha256:/);
    for (let count = 0; count < 20; count++) await listTags(through);
    const tunnels = [`CONNECT ${BEHIND}:443 200`, `CONNECT ${TOKENS}:443 200`];
    expect([...new Set(proxy.log)]).toEqual(tunnels);
    // At most six connections to a host, and one to the token service.
    expect(proxy.log.length).toBeLessThanOrEqual(7);
  });

  it('is reached through a proxy that speaks TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-proxy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const certificate = makeCertificate(folder);
    const proxy = await start({ login, certificate, routes: routes() });
    const { listTags } = clientOf(BEHIND, { way: { ...STRAIGHT, ca: certificate.cert } });
    await expect(listTags(access({ url: proxy.url, login }))).resolves.toEqual(['1.0', '2.0']);
  });

  it.each([
    { name: 'without a login', given: undefined },
    { name: 'with a wrong one', given: { username: 'squid', password: 'planted-wrong' } },
  ])('is not reached $name, and the error names the proxy', async ({ given }) => {
    const proxy = await start({ login, routes: routes() });
    const { listTags } = clientOf(BEHIND);
    const through = access({ url: proxy.url, ...(given && { login: given }) });
    const error: unknown = await listTags(through).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'registry/unauthorized',
      message: `${BEHIND}/team/app: the proxy ${proxy.url} wants another login (407); check username and password of proxySecretRef, or of HTTPS_PROXY`,
    });
    expect(String(error)).not.toContain('planted');
  });

  it.each([
    { refusal: 403, says: 'does not let requests through (403)', retry: false },
    { refusal: 503, says: 'cannot reach that host (503)', retry: true },
  ])('is not reached when the proxy answers $refusal', async ({ refusal, says, retry }) => {
    const proxy = await start({ refusal });
    const { listTags } = clientOf(BEHIND);
    await expect(listTags(access({ url: proxy.url, login }))).rejects.toMatchObject({
      code: 'registry/unreachable',
      retry,
      message: `${BEHIND}/team/app: cannot reach ${BEHIND}: the proxy ${proxy.url} ${says}`,
    });
  });

  it('is not reached through a proxy that is not there', async () => {
    const { listTags } = clientOf(BEHIND);
    await expect(listTags(access({ url: 'http://127.0.0.1:1', login }))).rejects.toMatchObject({
      code: 'registry/unreachable',
      message: expect.stringContaining(
        'cannot reach the proxy http://127.0.0.1:1: nothing listens there',
      ) as string,
    });
  });

  it('tells the registry’s own troubles from the proxy’s', async () => {
    const proxy = await start({ routes: routes() });
    const { listTags } = clientOf(BEHIND);
    const { ca: _none, ...untrusting } = access({ url: proxy.url });
    await expect(listTags(untrusting)).rejects.toMatchObject({
      message: expect.stringContaining(
        `cannot reach ${BEHIND} through the proxy ${proxy.url}: its certificate is not trusted`,
      ) as string,
    });
  });

  it('is reached through the proxy of the environment, unless that excepts it', async () => {
    const proxy = await start({ login, routes: routes() });
    const https = { url: proxy.url, login };
    const { listTags } = clientOf(BEHIND, {
      way: { proxies: { https, exceptions: 'other.test' } },
    });
    await expect(listTags(access())).resolves.toEqual(['1.0', '2.0']);
    expect(proxy.log).toEqual([`CONNECT ${BEHIND}:443 200`, `CONNECT ${TOKENS}:443 200`]);
    const excepting = clientOf(BEHIND, { way: { proxies: { https, exceptions: '.test' } } });
    await expect(excepting.listTags(access())).rejects.toMatchObject({
      message: expect.stringContaining(`cannot reach ${BEHIND}: `) as string,
    });
  });
});

describe('a registry that speaks plain HTTP', () => {
  it('is asked by the proxy for us', async () => {
    const { server } = await loopbackClient(() => ({ body: { tags: ['1.0'] } }));
    const proxy = await start({ login, routes: { [BEHIND]: server.host } });
    const { listTags } = clientOf(BEHIND);
    await expect(listTags({ proxy: { url: proxy.url, login } })).resolves.toEqual(['1.0']);
    expect(proxy.log).toEqual([`GET http://${BEHIND}/v2/team/app/tags/list?n=1000 200`]);
    expect(server.requests[0]?.headers).toMatchObject({ host: BEHIND });
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
    await expect(listTags({ proxy: { url: proxy.url } })).rejects.toMatchObject({
      code: 'registry/unauthorized',
      message: expect.stringContaining(`the proxy ${proxy.url} wants another login`) as string,
    });
  });
});
