import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STRAIGHT } from '../../../src/connections/process-way.ts';
import { skipWithout } from '../../support/registry/availability.ts';
import { makeCertificate, type TestCertificate } from '../../support/registry/certificate.ts';
import { clientOf, loopbackClient, plainAccess, teamApp } from '../../support/registry/client.ts';
import { type SeenRequest, startLoopback } from '../../support/registry/loopback.ts';

const TAGS = { body: { tags: ['1.0'] } };
const errorBody = (code: string, message: string) => ({ errors: [{ code, message }] });

describe('an answer that is no tag list', () => {
  it.each([
    { status: 401, code: 'registry/unauthorized', retry: false },
    { status: 403, code: 'registry/unauthorized', retry: false },
    { status: 404, code: 'registry/not-found', retry: false },
    { status: 405, code: 'registry/bad-response', retry: false },
    { status: 204, code: 'registry/bad-response', retry: false },
    { status: 429, code: 'registry/rate-limited', retry: true },
    { status: 500, code: 'registry/server-error', retry: true },
    { status: 503, code: 'registry/server-error', retry: true },
  ])('of status $status is $code', async ({ status, code, retry }) => {
    const { listTags, server } = await loopbackClient(() => ({ status }));
    const error: unknown = await listTags().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, retry });
    expect(String(error)).toContain(`${server.host}/team/app: `);
    expect(String(error)).toContain(String(status));
  });

  const LOGIN = { basic: { username: 'me', password: 'planted' } };
  const withToken = (status: number) => (request: SeenRequest) => {
    if (request.url.startsWith('/token')) return { body: { token: 't1' } };
    if (request.headers.authorization !== undefined) return { status };
    const ask = `Bearer realm="http://${request.headers.host ?? ''}/token"`;
    return { status: 401, headers: { 'www-authenticate': ask } };
  };
  const withoutToken = (status: number) => (request: SeenRequest) =>
    request.url.startsWith('/token') ? { status } : withToken(200)(request);

  it.each([
    {
      name: '401 without credentials: private, or not there',
      handler: withToken(401),
      says: /without credentials; give some if the repository is private, and check its name/,
    },
    {
      name: '404 without credentials: not there, or hidden',
      handler: withToken(404),
      says: /no such repository, or a private one that is hidden without credentials \(404/,
    },
    {
      name: '401 by the token service: the login is wrong',
      handler: withoutToken(401),
      access: LOGIN,
      says: /check the credentials: the token service does not take them \(401/,
    },
    {
      name: '401 although a token was granted: no right, or not there',
      handler: withToken(401),
      access: LOGIN,
      says: /check the credentials, what they may read, and the name of the repository \(401/,
    },
    {
      name: '403 to a login: no right',
      handler: withToken(403),
      access: LOGIN,
      says: /check what the credentials may read, and the name of the repository \(403/,
    },
    {
      name: '404 to a login: not there, or hidden',
      handler: withToken(404),
      access: LOGIN,
      says: /no such repository, or one that the credentials may not see \(404/,
    },
    {
      name: '404 by the token service: a set-up that is broken',
      handler: withoutToken(404),
      access: LOGIN,
      says: /the token service is not there \(404/,
    },
  ])('says in one line what it can mean: $name', async ({ handler, access, says }) => {
    const { listTags } = await loopbackClient(handler);
    await expect(listTags(access)).rejects.toThrow(says);
  });

  it('counts as a rate limit where the body says so', async () => {
    const { listTags } = await loopbackClient(() => ({
      status: 403,
      body: errorBody('TOOMANYREQUESTS', 'slow down'),
    }));
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/rate-limited' });
  });

  it("carries the registry's own words, on one line and not too many", async () => {
    const message = `repository name\nnot known \u001b[31m to registry ${'x'.repeat(500)}`;
    const { listTags } = await loopbackClient(() => ({
      status: 404,
      body: errorBody('NAME_UNKNOWN', message),
    }));
    const error: unknown = await listTags().catch((reason: unknown) => reason);
    expect(String(error)).toContain('NAME_UNKNOWN: repository name not known [31m to registry xxx');
    // eslint-disable-next-line no-control-regex
    expect(String(error)).not.toMatch(/[\u0000-\u001f]/);
    expect(String(error).length).toBeLessThan(400);
  });

  it.each([
    { name: 'HTML', type: 'text/html', body: '<!doctype html><title>Log in</title>' },
    { name: 'half a list', type: 'application/json', body: '{"tags": ["1.0"' },
    { name: 'a list alone', type: 'application/json', body: '["1.0"]' },
    { name: 'tags that are no text', type: 'application/json', body: '{"tags": ["1.0", 2]}' },
    { name: 'tags that are no list', type: 'application/json', body: '{"tags": "1.0"}' },
    { name: 'nothing', type: 'text/plain', body: '' },
  ])('but $name names its content type', async ({ type, body }) => {
    const { listTags } = await loopbackClient(() => ({ headers: { 'content-type': type }, body }));
    await expect(listTags()).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining(type) as string,
    });
  });

  it('reads little of a large error', async () => {
    const { listTags } = await loopbackClient(() => ({ status: 404, body: 'x'.repeat(5_000_000) }));
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/not-found' });
  });
});

describe('a host that gives no answer', () => {
  it.each([
    { host: '127.0.0.1:1', says: 'nothing listens there' },
    { host: 'no-such-host.invalid', says: /no such host|cannot be resolved/ },
  ])('$host is unreachable', async ({ host, says }) => {
    const error: unknown = await clientOf(host)
      .listTags()
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'registry/unreachable', retry: true });
    expect(String(error)).toContain(`cannot reach ${host}`);
    expect(String(error)).toMatch(says);
  });

  it('but talks another protocol is a bad response', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await expect(clientOf(`127.0.0.1:${port}`).listTags()).rejects.toMatchObject({
      code: 'registry/bad-response',
      message: expect.stringContaining('does not speak HTTP') as string,
    });
  });

  it.each([
    { name: 'no header', head: false },
    { name: 'a body that trickles', head: true },
  ])('in time, but $name, is given up at the deadline', async ({ head }) => {
    const { listTags } = await loopbackClient((_request, response) => {
      if (!head) return undefined;
      response.write('{"tags": [');
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
      return undefined;
    });
    const started = Date.now();
    await expect(listTags({ timeoutMs: 300 })).rejects.toMatchObject({
      code: 'registry/unreachable',
      retry: true,
      message: expect.stringContaining('no answer within 300 ms') as string,
    });
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it.each([
    { name: 'before it began', afterMs: 0 },
    { name: 'under way', afterMs: 100 },
  ])('to a call cancelled $name is waited for no longer', async ({ afterMs }) => {
    const { registry, server } = await loopbackClient(() => undefined);
    const controller = new AbortController();
    if (afterMs === 0) controller.abort();
    else setTimeout(() => controller.abort(), afterMs);
    const call = registry.listTags(teamApp(server.host), plainAccess(), controller.signal);
    await expect(call).rejects.toMatchObject({ code: 'cancelled', retry: false });
    expect(server.requests.length).toBe(afterMs === 0 ? 0 : 1);
  });
});

describe.skipIf(skipWithout('openssl'))('TLS', () => {
  let folder: string;
  let certificate: TestCertificate;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lockkeeper-tls-'));
    certificate = makeCertificate(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function tlsServer() {
    const server = await startLoopback(() => TAGS, certificate);
    onTestFinished(() => server.close());
    return server;
  }

  it("trusts a CA given with the access or the client, besides Node's own", async () => {
    const { host } = await tlsServer();
    const own = { insecure: false, ca: certificate.cert };
    await expect(clientOf(host).listTags(own)).resolves.toEqual(['1.0']);
    const { listTags } = clientOf(host, { way: { ...STRAIGHT, ca: certificate.cert } });
    await expect(listTags({ insecure: false })).resolves.toEqual(['1.0']);
  });

  it('says how to trust a certificate that is not trusted', async () => {
    const { host } = await tlsServer();
    await expect(clientOf(host).listTags({ insecure: false })).rejects.toMatchObject({
      code: 'registry/unreachable',
      message: expect.stringMatching(/not trusted.*certSecretRef.*--ca-file/) as string,
    });
  });

  it('trusts no certificate for another host', async () => {
    const server = await tlsServer();
    const host = server.host.replace('127.0.0.1', '127.0.0.2');
    const access = { insecure: false, ca: certificate.cert };
    const error: unknown = await clientOf(host)
      .listTags(access)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'registry/unreachable' });
  });

  it.each(['', 'rubbish', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'refuses %j as a CA',
    async (ca) => {
      const { host } = await tlsServer();
      await expect(clientOf(host).listTags({ insecure: false, ca })).rejects.toMatchObject({
        code: 'secret/invalid',
      });
    },
  );

  it('says how to allow plain HTTP to a registry that speaks nothing else', async () => {
    const { listTags, server } = await loopbackClient(() => TAGS);
    await expect(listTags({ insecure: false })).rejects.toMatchObject({
      code: 'registry/unreachable',
      message: expect.stringContaining('insecure: true') as string,
    });
    expect(server.requests).toEqual([]);
  });
});

describe('the client', () => {
  it('names itself and tells of every request', async () => {
    const told: unknown[] = [];
    const { listTags, server } = await loopbackClient(() => TAGS, {
      userAgent: 'lockkeeper/1.2.3',
      onEvent: (event) => told.push(event),
    });
    await listTags();
    await server.close();
    await listTags().catch(() => undefined);
    expect(server.requests[0]?.headers['user-agent']).toBe('lockkeeper/1.2.3');
    const request = { kind: 'request', registry: server.host, asked: 'registry' };
    expect(told[0]).toEqual({ ...request, status: 200 });
    expect(told.at(-1)).toEqual({ ...request, status: 'error' });
  });

  it('leaves no connection open once closed', async () => {
    const { listTags, registry, server } = await loopbackClient(() => TAGS);
    await listTags();
    expect(server.openSockets()).toBe(1);
    await registry.close();
    await expect.poll(() => server.openSockets()).toBe(0);
    await expect(listTags()).rejects.toMatchObject({ code: 'registry/unreachable' });
  });

  it('opens few connections to one host', async () => {
    let most = 0;
    const { digest, server } = await loopbackClient(async () => {
      most = Math.max(most, server.openSockets());
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { headers: { 'docker-content-digest': `sha256:${'ab'.repeat(32)}` } };
    });
    await Promise.all(Array.from({ length: 40 }, (_, index) => digest(`1.${index}`)));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(6);
  });
});
