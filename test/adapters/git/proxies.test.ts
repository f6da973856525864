import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { GitBranches } from '../../../src/adapters/git/open-branch.ts';
import type { AppError } from '../../../src/domain/errors.ts';
import type { Proxy } from '../../../src/domain/proxy.ts';
import type { GitAccess } from '../../../src/ports/ports.ts';
import { noGitLogins } from '../../support/memory-ports.ts';
import { GIT_TEST_ENV } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import {
  type ConnectProxy,
  type ConnectProxyOptions,
  startConnectProxy,
} from '../../support/proxy/connect-proxy.ts';
import { makeCertificate } from '../../support/registry/certificate.ts';
import { commitAndPush, NEVER, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend') && hasTool('openssl');

const LOGIN = { username: 'squid', password: 'planted:proxy@pass/word' };

/** A name that exists behind the proxy only. */
const BEHIND = 'git.test';

async function start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(options);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a Git server behind a proxy, by the %s engine',
  (engine) => {
    let fixture: Fixture;
    beforeAll(async () => {
      fixture = await startFixture(engine, { wantsClientCertificate: 'tls', hosts: [BEHIND] });
      fixture.remote.commit({ 'a.yaml': '1\n' });
    });
    afterAll(() => fixture.close());
    afterEach(() => fixture.server.inject(undefined));

    const routes = () => ({ [`${BEHIND}:443`]: new URL(fixture.server.url('')).host });
    const access = (proxy?: Proxy): Partial<GitAccess> => ({
      url: `https://${BEHIND}/config.git`,
      ca: fixture.server.ca ?? '',
      ...(fixture.server.clientCertificate && {
        clientCertificate: fixture.server.clientCertificate,
      }),
      ...(proxy && { proxy }),
    });
    async function failure(proxy: Proxy): Promise<AppError> {
      const branch = await fixture.open(access(proxy));
      const error = await branch.head(NEVER).then(
        () => undefined,
        (reason: unknown) => reason as AppError,
      );
      if (error === undefined) throw new Error('it was reached');
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('planted');
      return error;
    }

    it('is read and written by tunnels, with the proxy’s login and a client certificate', async () => {
      const proxy = await start({ login: LOGIN, routes: routes() });
      const branch = await fixture.open(access({ url: proxy.url, login: LOGIN }));
      const { result } = await commitAndPush(branch, { 'a.yaml': `${engine} tunnel\n` });
      expect(result.kind).toBe('pushed');
      expect([...new Set(proxy.log)]).toEqual([`CONNECT ${BEHIND}:443 200`]);
    });

    it('is reached through a proxy that speaks TLS, whose CA is the one given', async () => {
      const certificate = makeCertificate(fixture.folder, { file: `${engine}-proxy` });
      const proxy = await start({ login: LOGIN, routes: routes(), certificate });
      const ca = `${fixture.server.ca}\n${certificate.cert}`;
      const branch = await fixture.open({ ...access({ url: proxy.url, login: LOGIN }), ca });
      await expect(branch.head(NEVER)).resolves.toBe(fixture.remote.head());
    });

    it('is reached where the process trusts the proxy, and the resource the server', async () => {
      const certificate = makeCertificate(fixture.folder, { file: `${engine}-process` });
      const proxy = await start({ login: LOGIN, routes: routes(), certificate });
      const https = { url: proxy.url, login: LOGIN };
      const branches = new GitBranches({
        storeRoot: join(fixture.folder, 'trusting'),
        engine,
        env: GIT_TEST_ENV,
        logins: noGitLogins,
        way: { ca: certificate.cert, proxies: { https, exceptions: '' } },
      });
      const { url = '', ...others } = access();
      const branch = await branches.open({ url, branch: 'main', ...others }, NEVER);
      onTestFinished(() => branch.close());
      await expect(branch.head(NEVER)).resolves.toBe(fixture.remote.head());
    });

    it('tells a refused proxy login from its own', async () => {
      const proxy = await start({ login: LOGIN, routes: routes() });
      const login = { username: 'squid', password: 'planted-wrong' };
      for (const tried of [{ url: proxy.url, login }, { url: proxy.url }]) {
        const error = await failure(tried);
        expect([error.code, error.retry]).toEqual(['git/unauthorized', false]);
        expect(error.message).toBe(
          `https://${BEHIND}/config.git: the proxy ${proxy.url} wants another login (407); check username and password of proxySecretRef, or of HTTPS_PROXY`,
        );
      }
    });

    it.each([
      { refusal: 403, reason: 'does not let requests through (403)', retry: false },
      { refusal: 503, reason: 'cannot reach that host (503)', retry: true },
    ])('says that the proxy answered $refusal', async ({ refusal, reason, retry }) => {
      const proxy = await start({ refusal });
      const error = await failure({ url: proxy.url });
      expect([error.code, error.retry]).toEqual(['git/unreachable', retry]);
      expect(error.message).toBe(
        `https://${BEHIND}/config.git cannot be reached: the proxy ${proxy.url} ${reason}`,
      );
    });

    it('names the proxy that does not answer', async () => {
      const error = await failure({ url: 'http://127.0.0.1:1' });
      expect([error.code, error.retry]).toEqual(['git/unreachable', true]);
      expect(error.message).toMatch(
        /git\.test\/config\.git cannot be reached.*proxy.*127\.0\.0\.1/,
      );
    });
  },
);

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a Git server without TLS behind a proxy, by the %s engine',
  (engine) => {
    it('gets its requests handed on, without the proxy’s login', async () => {
      const fixture = await startFixture(engine, { basic: { username: 'bot', password: 'pw' } });
      onTestFinished(() => fixture.close());
      fixture.remote.commit({ 'a.yaml': '1\n' });
      const host = new URL(fixture.server.url('')).host;
      const proxy = await start({ login: LOGIN, routes: { [BEHIND]: host } });
      const branch = await fixture.open({
        url: `http://${BEHIND}/config.git`,
        basic: { username: 'bot', password: 'pw' },
        proxy: { url: proxy.url, login: LOGIN },
      });
      expect((await commitAndPush(branch, { 'a.yaml': '2\n' })).result.kind).toBe('pushed');
      expect(proxy.log[0]).toBe(
        `GET http://${BEHIND}/config.git/info/refs?service=git-upload-pack 200`,
      );
      const refused = await fixture.open({
        url: `http://${BEHIND}/config.git`,
        proxy: { url: proxy.url },
      });
      await expect(refused.head(NEVER)).rejects.toMatchObject({
        code: 'git/unauthorized',
        message: expect.stringContaining('wants another login (407)') as string,
      });
    });

    it('is reached through the proxy of the process, unless that excepts it', async () => {
      const proxy = await start({ login: LOGIN });
      const through = { url: proxy.url, login: LOGIN };
      // curl's own idea of proxies would lead nowhere.
      const env = { http_proxy: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };
      const direct = await startFixture(engine, {
        way: { proxies: { http: through, exceptions: 'git.test' } },
        env,
      });
      onTestFinished(() => direct.close());
      direct.remote.commit({ 'a.yaml': '1\n' });
      // Loopback is never behind a proxy.
      await expect((await direct.open()).head(NEVER)).resolves.toBe(direct.remote.head());
      expect(proxy.log).toEqual([]);
      const excepted = await direct.open({ url: `http://${BEHIND}/config.git` });
      await expect(excepted.head(NEVER)).rejects.toMatchObject({ code: 'git/unreachable' });
      expect(proxy.log).toEqual([]);
      const other = await direct.open({ url: 'http://other.test/config.git' });
      await expect(other.head(NEVER)).rejects.toMatchObject({ retry: true });
      expect(proxy.log[0]).toMatch(/^GET http:\/\/other\.test\/config\.git\/info\/refs/);
    });
  },
);

describe.skipIf(!canRun)('the login of a proxy, by the native engine', () => {
  it('is in no argument of a process, and told to no credential helper', async () => {
    const fixture = await startFixture('native', { tls: true, hosts: [BEHIND] });
    onTestFinished(() => fixture.close());
    fixture.remote.commit({ 'a.yaml': '1\n' });
    // Nothing else on this machine has it among its arguments.
    const login = { username: 'squid', password: randomUUID() };
    const proxy = await start({
      login,
      routes: { [`${BEHIND}:443`]: new URL(fixture.server.url('')).host },
    });
    const told = join(fixture.folder, 'told');
    const helper = `!f() { cat >> '${told}'; }; f`;
    const set = [
      'config',
      '--file',
      join(fixture.folder, 'gitconfig'),
      'credential.helper',
      helper,
    ];
    expect(spawnSync('git', set).status).toBe(0);
    const branches = new GitBranches({
      storeRoot: fixture.storeRoot,
      engine: 'native',
      logins: noGitLogins,
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: join(fixture.folder, 'gitconfig') },
    });
    let seen = '';
    fixture.server.inject(() => {
      seen += spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout;
      return undefined;
    });
    const branch = await branches.open(
      {
        url: `https://${BEHIND}/config.git`,
        branch: 'main',
        ca: fixture.server.ca ?? '',
        proxy: { url: proxy.url, login },
      },
      NEVER,
    );
    await branch.head(NEVER);
    await branch.close();
    expect(seen).toMatch(/git.* ls-remote/);
    expect(seen).not.toContain(login.password);
    const words = existsSync(told) ? readFileSync(told, 'utf8') : '';
    expect(words).not.toContain(login.password);
  });
});
