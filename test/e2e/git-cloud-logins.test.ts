import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signedLogin } from '../../src/adapters/cloud/codecommit.ts';
import { readConfig } from '../../src/config.ts';
import { compose } from '../../src/compose/ports.ts';
import { cloudRepoOf } from '../../src/domain/git-provider.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { never } from '../support/memory-ports.ts';
import { type ConnectProxy, startConnectProxy } from '../support/proxy/connect-proxy.ts';
import { skipWithout } from '../support/registry/availability.ts';
import { makeCertificate } from '../support/registry/certificate.ts';
import { type Loopback, type SeenRequest, startLoopback } from '../support/registry/loopback.ts';
import { cloud, PLANTED } from './cloud-imitation.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

const DEVOPS = 'https://dev.azure.com/org/project/_git/config';
const CODECOMMIT = 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/config';
const HOSTS = [DEVOPS, CODECOMMIT].map((url) => new URL(url).host);

/** Does CodeCommit let in who shows this? A signature is good for a quarter of an hour. */
function isSigned(authorization: string): boolean {
  const login = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const time = /:(\d{8}T\d{6}Z)/.exec(login)?.[1] ?? '';
  const at = new Date(time.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
  const repo = cloudRepoOf({ provider: 'aws', url: CODECOMMIT });
  if (repo?.provider !== 'aws' || Math.abs(Date.now() - at.getTime()) > 900_000) return false;
  const { secretKey: secretAccessKey, session: sessionToken } = PLANTED;
  const wanted = signedLogin(repo, { accessKeyId: 'AKIA', secretAccessKey, sessionToken }, at);
  return 'basic' in wanted && login === `${wanted.basic.username}:${wanted.basic.password}`;
}

const isMissing = !hasTool('git-http-backend') || skipWithout('openssl');

describe.skipIf(isMissing)('a repo of a cloud', () => {
  let stage: Stage;
  let remotes: readonly RemoteRepo[];
  let git: GitHttpServer;
  let front: Server;
  let clouds: Loopback;
  let secureClouds: Loopback;
  let registry: TagServer;
  let proxy: ConnectProxy;
  let isRefusing: boolean;

  beforeAll(async () => {
    stage = openStage();
    const { cert, key } = makeCertificate(stage.folder, { hosts: HOSTS });
    const answer = (request: SeenRequest) => (isRefusing ? { status: 403 } : cloud(request));
    clouds = await startLoopback(answer);
    secureClouds = await startLoopback(answer, { cert, key });
    registry = await startTagServer({ web: ['1.0.0'] });
    remotes = [DEVOPS, CODECOMMIT].map((url) => {
      const remote = createRemote(stage.path('remotes', new URL(url).pathname));
      remote.commit({ 'web.yaml': deployment(`${registry.image('web')}:1.0.0`) });
      return remote;
    });
    git = await startGitHttpServer({ root: stage.path('remotes') });
    git.inject(({ url, authorization = '' }) => {
      const isRight = url.startsWith('/org/')
        ? authorization === `Bearer ${PLANTED.devOps}`
        : isSigned(authorization);
      const headers = { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' };
      return isRight ? undefined : { kind: 'answer', status: 401, headers, body: authorization };
    });
    const { port } = new URL(git.url(''));
    front = createServer({ cert, key }, (socket) => {
      const upstream = connect(Number(port), '127.0.0.1');
      socket.on('error', () => upstream.destroy()).pipe(upstream);
      upstream.on('error', () => socket.destroy()).pipe(socket);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const behind = `127.0.0.1:${(front.address() as AddressInfo).port}`;
    proxy = await startConnectProxy({
      routes: Object.fromEntries(HOSTS.map((host) => [`${host}:443`, behind])),
    });
    stage.write({
      'token.jwt': PLANTED.webIdentity,
      'config/policy.yaml': imagePolicy({ image: registry.image('web') }),
    });
  });
  beforeEach(() => {
    isRefusing = false;
  });
  afterAll(async () => {
    front.close();
    await stage.close();
    await Promise.all([proxy, git, registry, clouds, secureClouds].map((each) => each.close()));
  });

  /** The variables that the clouds' webhooks put into a Pod, and where the imitations are. */
  const environment = () => ({
    HTTPS_PROXY: proxy.url,
    NO_PROXY: '127.0.0.1,localhost',
    LOCKKEEPER_CA_FILE: stage.path('server.crt'),
    NODE_EXTRA_CA_CERTS: stage.path('server.crt'),
    AWS_ENDPOINT_URL_STS: clouds.url,
    AWS_REGION: 'eu-west-1',
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/lockkeeper',
    AWS_WEB_IDENTITY_TOKEN_FILE: stage.path('token.jwt'),
    AZURE_AUTHORITY_HOST: `${secureClouds.url}/`.replace('127.0.0.1', 'localhost'),
    AZURE_TENANT_ID: 'tenant-1',
    AZURE_CLIENT_ID: 'client-1',
    AZURE_FEDERATED_TOKEN_FILE: stage.path('token.jwt'),
  });

  async function update(provider: string, url: string, engine = 'auto') {
    stage.write({
      'config/automation.yaml': automation([`url: ${url}`, `provider: ${provider}`]),
    });
    const args = ['update', '--repo', url, '--policies', 'config', '--git-engine', engine];
    return stage.run(args, { env: environment() });
  }

  const remoteOf = (provider: string) => remotes[provider === 'azure' ? 0 : 1];

  it.each([
    { provider: 'azure', url: DEVOPS, says: /check AZURE_CLIENT_ID/ },
    { provider: 'aws', url: CODECOMMIT, says: /check the role of its ServiceAccount/ },
  ])('that gets no login from $provider is told with the mend', async ({ provider, url, says }) => {
    isRefusing = true;
    const { code, stderr } = await update(provider, url);
    expect(code).toBe(1);
    expect(stderr).toMatch(`${provider} gives this process no login`);
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain('planted');
    expect(remoteOf(provider)?.read('web.yaml')).toContain(':1.0.0 #');
  });

  it.each([
    ['azure', DEVOPS, 'native', '1.1.0'],
    ['aws', CODECOMMIT, 'native', '1.1.0'],
    ['azure', DEVOPS, 'isomorphic', '1.2.0'],
    ['aws', CODECOMMIT, 'isomorphic', '1.2.0'],
  ])('of %s is read and written: %s (%s)', async (provider, url, engine, tag) => {
    registry.push('web', tag);
    const { code, stderr } = await update(provider, url, engine);
    // The SDKs tell of the versions of Node that they will leave behind.
    const said = stderr.replaceAll(/^\(node:[^]*$/gm, '');
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(remoteOf(provider)?.read('web.yaml')).toContain(`:${tag} #`);
  });

  it.each([
    ['azure', 'https://dev.azure.com.evil.example.com/org/project/_git/config'],
    ['aws', 'https://git-codecommit.evil.example.com/v1/repos/config'],
  ])('under %s is at the cloud’s own hosts alone', async (provider, url) => {
    const { code, stderr } = await update(provider, url);
    expect(code).toBe(2);
    expect(stderr).toMatch(/git\.provider: \w+ gives logins for https:.+ alone; url names another/);
  });

  it('is opened for tenants only with the operator’s word', async () => {
    const ports = await compose(readConfig({ ...stage.env, ...environment() }), {
      forTenants: true,
      allowProvider: ['azure'],
    });
    const login = (provider: 'aws' | 'azure', url: string) => {
      const repo = cloudRepoOf({ provider, url });
      if (repo === undefined) throw new Error('no repo of a cloud');
      return ports.gitLogins.login({ provider: repo }, never);
    };
    await expect(login('aws', CODECOMMIT)).rejects.toMatchObject({
      code: 'resource/not-supported',
      message:
        'spec.git.provider: this controller does not lend its own identity at aws; start it with --allow-provider aws, or name a Secret',
    });
    await ports.close();
  });
});
