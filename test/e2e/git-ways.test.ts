import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { startConnectProxy, type ConnectProxy } from '../support/proxy/connect-proxy.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** A name that exists behind the proxy only. */
const BEHIND = 'git.test';
const PROXY_LOGIN = { username: 'squid', password: 'let me+through/4711' };

const isMissing = !hasTool('git-http-backend') || !hasTool('openssl');

describe.skipIf(isMissing).each(['native', 'isomorphic'] as const)(
  'a repo behind a proxy, at a server that wants client certificates (%s)',
  (engine) => {
    let stage: Stage;
    let remote: RemoteRepo;
    let server: GitHttpServer;
    let proxy: ConnectProxy;
    let registry: TagServer;
    beforeAll(async () => {
      stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine });
      registry = await startTagServer({ web: ['1.0.0'] });
      remote = createRemote(stage.path('remotes/config.git'));
      remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
      server = await startGitHttpServer({
        root: stage.path('remotes'),
        wantsClientCertificate: 'tls',
        hosts: [BEHIND],
      });
      const routes = { [`${BEHIND}:443`]: new URL(server.url('')).host };
      proxy = await startConnectProxy({ login: PROXY_LOGIN, routes });
      const { ca = '', clientCertificate } = server;
      stage.write({
        'config/policy.yaml': imagePolicy({ image: registry.image('web') }),
        'secrets/tls/ca.crt': ca,
        'secrets/tls/tls.crt': clientCertificate?.certificate ?? '',
        'secrets/tls/tls.key': clientCertificate?.key ?? '',
        'secrets/egress/address': proxy.url,
        'secrets/egress/username': PROXY_LOGIN.username,
        'secrets/egress/password': PROXY_LOGIN.password,
      });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await proxy.close();
      await registry.close();
    });

    let minor = 0;
    /** Updates to a new tag by an automation with these fields of `git`. */
    async function update(
      git: readonly string[],
      env: Readonly<Record<string, string>> = {},
      url = `https://${BEHIND}/config.git`,
    ) {
      minor += 1;
      registry.push('web', `1.${minor}.0`);
      stage.write({ 'config/automation.yaml': automation([`url: ${url}`, ...git]) });
      const args = ['update', '--repo', url, '--policies', 'config', '--secrets', 'secrets'];
      const before = proxy.log.length;
      const { code, stdout, stderr } = await stage.run(args, { env });
      const isThere = remote.read('web.yaml').includes(`:1.${minor}.0 #`);
      return { code, isThere, words: `${stdout}${stderr}`, tunnels: proxy.log.slice(before) };
    }
    const inEnvironment = () => {
      const { username, password } = PROXY_LOGIN;
      const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
      return proxy.url.replace('//', `//${login}@`);
    };

    it.each([
      ['certSecretRef', ['certSecretRef: {name: tls}']],
      // As Flux has it, whose GitRepository knows no certSecretRef.
      ['secretRef', ['secretRef: {name: tls}']],
    ])('is written to by the fields of an automation, certificates in %s', async (_, fields) => {
      const outcome = await update([...fields, 'proxySecretRef: {name: egress}']);
      expect(outcome).toMatchObject({ code: 0, isThere: true });
      expect([...new Set(outcome.tunnels)]).toEqual([`CONNECT ${BEHIND}:443 200`]);
      expect(outcome.words).not.toContain('4711');
    });

    it('is written to through the proxy of the process', async () => {
      const env = { HTTPS_PROXY: inEnvironment(), NO_PROXY: '127.0.0.1' };
      const outcome = await update(['certSecretRef: {name: tls}'], env);
      expect(outcome).toMatchObject({ code: 0, isThere: true });
      expect([...new Set(outcome.tunnels)]).toEqual([`CONNECT ${BEHIND}:443 200`]);
    });

    it('is not there where NO_PROXY names it', async () => {
      const env = { HTTPS_PROXY: inEnvironment(), NO_PROXY: '127.0.0.1,.git.test,git.test' };
      const outcome = await update(['certSecretRef: {name: tls}'], env);
      expect(outcome).toMatchObject({ code: 1, isThere: false, tunnels: [] });
      expect(outcome.words).toMatch(
        /^error: https:\/\/git\.test\/config\.git cannot be reached \(/,
      );
    });

    it('takes no Secret of a proxy beside an address over SSH', async () => {
      const fields = ['proxySecretRef: {name: egress}'];
      const outcome = await update(fields, {}, `ssh://git@${BEHIND}/config.git`);
      expect(outcome).toMatchObject({ code: 2, isThere: false, tunnels: [] });
      expect(outcome.words).toContain('spec.git.proxySecretRef.name: a proxy is for https:// and');
    });
  },
);
