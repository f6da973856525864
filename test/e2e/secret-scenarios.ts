import { generateKeyPairSync } from 'node:crypto';
import { makeAppKey, type GitHub } from '../support/git/github.ts';
import type { SshServer } from '../support/git/sshd.ts';
import type { Answer, SeenRequest } from '../support/registry/loopback.ts';
import type { PlantedSecrets } from './planted-secrets.ts';

/** What scenarios are made of. */
export interface SecretWorld {
  readonly planted: PlantedSecrets;
  /** `127.0.0.1:PORT` of a registry that answers as {@link RegistryScenario.answer} says. */
  readonly registry: string;
  /** The same by TLS, with a certificate that nobody vouches for. */
  readonly tlsRegistry: string;
  /** A proxy that wants another login. */
  readonly proxy: string;
  /** A client certificate, whose key is planted. */
  readonly client: { readonly cert: string; readonly key: string };
  /** Address of a Git repo of the name. */
  readonly gitUrl: (repo: string) => string;
  /** A GitHub with the same repos. It repeats every login for `closed.git` that it is shown. */
  readonly github: Pick<GitHub, 'secret' | 'server'>;
  /** An SSH server, a repo there, and the passphrase that locks its keys, which is planted. */
  readonly ssh: { readonly server: SshServer; readonly url: string; readonly passphrase: string };
  /** The one login that the Git server takes. */
  readonly gitLogin: { readonly username: string; readonly password: string };
}

/** One way in which a secret is used, and what must be heard of it. */
export interface SecretScenario {
  readonly name: string;
  /** Values by the name of the Secret. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly kind: 'ImagePolicy' | 'ImageUpdateAutomation';
  readonly spec: Readonly<Record<string, unknown>>;
  /** How the registry answers requests for this repository, or for a token; it is as talkative as can be. */
  readonly answer?: (request: SeenRequest) => Answer;
  /** What is written when it has happened. */
  readonly says: RegExp;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A refusal that repeats all that it was sent, decoded too. */
function echo(status: number, { headers, body, url }: SeenRequest, challenge?: string): Answer {
  const { authorization = '' } = headers;
  const decoded = Buffer.from(authorization.replace(/^\w+ /, ''), 'base64').toString();
  const sent = `${authorization} ${decoded} ${body} ${decodeURIComponent(body)} ${url}`;
  return {
    status,
    headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
    body: { errors: [{ code: 'DENIED', message: `sent: ${sent}` }], details: sent },
  };
}

const dockerConfig = (host: string, entry: object) => ({
  '.dockerconfigjson': JSON.stringify({ auths: { [host]: entry } }),
});

/** Every way in which the product takes a secret, in success and in failure. A new way gets a row here. */
export function secretScenarios(world: SecretWorld): readonly SecretScenario[] {
  return [...registryScenarios(world), ...accessScenarios(world), ...gitScenarios(world)];
}

function policy(world: SecretWorld, name: string, more: object, host = world.registry) {
  return {
    name,
    kind: 'ImagePolicy',
    spec: {
      image: `${host}/team/${name}`,
      insecure: host === world.registry,
      policy: { semver: { range: '*' } },
      ...more,
    },
  } as const;
}

function registryScenarios(world: SecretWorld): readonly SecretScenario[] {
  const { planted, registry } = world;
  const basic = 'Basic realm="registry"';
  const bearer = (name: string) => `Bearer realm="http://${registry}/token/${name}",service="r"`;
  const password = planted.plant('password of a docker config');
  const login = (name: string) => ({ secretRef: { name } });
  const echoToken = planted.plant('token of a token service');
  return [
    {
      ...policy(world, 'good', login('good')),
      secrets: { good: dockerConfig(registry, { auth: base64(`ana:${password}`) }) },
      answer: (request) =>
        request.headers.authorization === `Basic ${base64(`ana:${password}`)}`
          ? { body: { tags: ['1.0.0', '1.1.0'] } }
          : echo(401, request, basic),
      says: /1\.1\.0/,
    },
    {
      ...policy(world, 'basic-refused', login('basic')),
      secrets: { basic: { username: 'ana', password: planted.plant('registry password') } },
      answer: (request) => echo(401, request, basic),
      says: /team\/basic-refused: access denied/,
    },
    {
      ...policy(world, 'token-refused', login('token')),
      secrets: { token: { username: 'ana', password: planted.plant('token service password') } },
      answer: (request) => echo(401, request, bearer('token-refused')),
      says: /team\/token-refused: access denied/,
    },
    {
      ...policy(world, 'given-token-refused', {}),
      secrets: {},
      answer: (request) =>
        request.url.startsWith('/token')
          ? { body: { token: echoToken } }
          : echo(request.headers.authorization ? 403 : 401, request, bearer('given-token-refused')),
      says: /team\/given-token-refused: access denied/,
    },
    {
      ...policy(world, 'identity-refused', login('identity')),
      secrets: {
        identity: dockerConfig(registry, {
          identitytoken: planted.plant('identity token', '<token>'),
        }),
      },
      answer: (request) => echo(401, request, bearer('identity-refused')),
      says: /team\/identity-refused: access denied/,
    },
    {
      ...policy(world, 'registry-token-refused', login('registry-token')),
      secrets: {
        'registry-token': dockerConfig(registry, {
          registrytoken: planted.plant('registry token'),
        }),
      },
      answer: (request) => echo(401, request, basic),
      says: /team\/registry-token-refused: access denied/,
    },
    {
      ...policy(world, 'not-json', login('not-json')),
      secrets: { 'not-json': { '.dockerconfigjson': `{"auths": "${planted.plant('no JSON')}` } },
      says: /Secret apps\/not-json: not JSON|not-json.*not JSON/,
    },
    {
      ...policy(world, 'not-auth', login('not-auth')),
      secrets: { 'not-auth': dockerConfig(registry, { auth: planted.plant('auth as it is') }) },
      says: /auth is not base64 of username:password/,
    },
  ];
}

function accessScenarios(world: SecretWorld): readonly SecretScenario[] {
  const { planted, tlsRegistry, proxy, client } = world;
  const certificates = (name: string) => ({ certSecretRef: { name } });
  const through = (name: string) => ({ proxySecretRef: { name } });
  return [
    {
      ...policy(world, 'untrusted', certificates('client'), tlsRegistry),
      secrets: { client: { 'tls.crt': client.cert, 'tls.key': client.key } },
      says: /certificate is not trusted/,
    },
    {
      ...policy(world, 'no-key', certificates('no-key'), tlsRegistry),
      secrets: { 'no-key': { 'tls.crt': client.cert, 'tls.key': planted.plant('no key') } },
      says: /are no pair of PEM files/,
    },
    {
      ...policy(world, 'proxy-refused', through('proxy'), tlsRegistry),
      secrets: {
        proxy: { address: proxy, username: 'ana', password: planted.plant('proxy password') },
      },
      says: /wants another login \(407\)/,
    },
    {
      ...policy(world, 'proxy-in-address', through('in-address'), tlsRegistry),
      secrets: {
        'in-address': {
          address: proxy.replace('//', `//ana:${encodeURIComponent(planted.plant('proxy URL'))}@`),
        },
      },
      says: /proxy-in-address: the proxy http:.* wants another login/,
    },
    {
      ...policy(world, 'no-proxy', through('no-proxy'), tlsRegistry),
      secrets: { 'no-proxy': { address: `socks5://ana:${planted.plant('SOCKS password')}@p:1` } },
      says: /address must be that of an HTTP proxy/,
    },
  ];
}

function gitScenarios(world: SecretWorld): readonly SecretScenario[] {
  const { planted, gitUrl, gitLogin } = world;
  const automation = (name: string, repo: string, url = gitUrl(repo)) =>
    ({
      name,
      kind: 'ImageUpdateAutomation',
      spec: { git: { url, secretRef: { name } } },
    }) as const;
  const { privateKey } = generateKeyPairSync('ed25519');
  const identity = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  planted.add('SSH key', identity.split('\n')[1] ?? identity);
  return [
    {
      ...automation('pushed', 'config.git'),
      secrets: { pushed: gitLogin },
      says: /apps\/pushed".*"pushed"/,
    },
    {
      ...automation('push-refused', 'closed.git'),
      secrets: { 'push-refused': gitLogin },
      says: /no pushes today/,
    },
    {
      ...automation('git-refused', 'config.git'),
      secrets: { 'git-refused': { username: 'ana', password: planted.plant('Git password') } },
      says: /apps\/git-refused/,
    },
    {
      ...automation('bearer-refused', 'config.git'),
      secrets: { 'bearer-refused': { bearerToken: planted.plant('Git token') } },
      says: /apps\/bearer-refused/,
    },
    {
      ...automation('ssh-refused', 'x.git', 'ssh://git@127.0.0.1:1/x.git'),
      secrets: {
        'ssh-refused': {
          identity,
          known_hosts: '127.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA',
        },
      },
      says: /apps\/ssh-refused/,
    },
    ...gitHubScenarios(world),
    ...gitWayScenarios(world),
    ...sshScenarios(world),
  ];
}

/** Certificates and proxies on the way to a repo. */
function gitWayScenarios(world: SecretWorld): readonly SecretScenario[] {
  const { planted, tlsRegistry, proxy, client } = world;
  const automation = (name: string, git: Readonly<Record<string, unknown>>) =>
    ({ name, kind: 'ImageUpdateAutomation', spec: { git } }) as const;
  const url = `https://${tlsRegistry}/x.git`;
  const behind = 'https://git.invalid/x.git';
  const named = (name: string) => ({ name });
  return [
    {
      ...automation('git-untrusted', { url, certSecretRef: named('git-client') }),
      secrets: { 'git-client': { 'tls.crt': client.cert, 'tls.key': client.key } },
      says: /no trusted TLS connection to https:[^"]*x\.git/,
    },
    {
      ...automation('git-no-key', { url, secretRef: named('git-no-key') }),
      secrets: { 'git-no-key': { 'tls.crt': client.cert, 'tls.key': planted.plant('no Git key') } },
      says: /apps\/git-no-key.*are no pair of PEM files/,
    },
    {
      ...automation('git-proxy', { url: behind, proxySecretRef: named('git-proxy') }),
      secrets: {
        'git-proxy': { address: proxy, username: 'ana', password: planted.plant('Git proxy') },
      },
      says: /git\.invalid\/x\.git: the proxy http:[^"]* wants another login \(407\)/,
    },
    {
      ...automation('git-proxy-address', {
        url: behind.replace('https', 'http'),
        proxySecretRef: named('git-proxy-address'),
      }),
      secrets: {
        'git-proxy-address': {
          address: proxy.replace(
            '//',
            `//ana:${encodeURIComponent(planted.plant('proxy of Git'))}@`,
          ),
        },
      },
      says: /http:\/\/git\.invalid\/x\.git: the proxy http:[^"]* wants another login \(407\)/,
    },
  ];
}

/** Locked keys over a real SSH server. */
function sshScenarios({ planted, ssh }: SecretWorld): readonly SecretScenario[] {
  const automation = (name: string, password: string) => {
    const identity = ssh.server.addKey({ name, passphrase: ssh.passphrase });
    planted.add('locked SSH key', identity.split('\n')[4] ?? identity);
    const secret = { identity, known_hosts: ssh.server.knownHosts, password };
    return {
      name,
      kind: 'ImageUpdateAutomation',
      spec: { git: { url: ssh.url, secretRef: { name } } },
      secrets: { [name]: secret },
    } as const;
  };
  return [
    { ...automation('ssh-opened', ssh.passphrase), says: /apps\/ssh-opened".*"pushed"/ },
    {
      ...automation('ssh-locked', planted.plant('wrong passphrase')),
      says: /is not opened by its passphrase/,
    },
  ];
}

function gitHubScenarios({ planted, github }: SecretWorld): readonly SecretScenario[] {
  const automation = (name: string, repo: string, more: Readonly<Record<string, string>> = {}) =>
    ({
      name,
      kind: 'ImageUpdateAutomation',
      spec: { git: { url: github.server.url(repo), provider: 'github', secretRef: { name } } },
      secrets: { [name]: github.secret(more) },
    }) as const;
  const other = makeAppKey().pkcs8;
  for (const key of [other, github.secret()['githubAppPrivateKey'] ?? ''])
    planted.add('key of a GitHub App', key.split('\n')[1] ?? key);
  return [
    { ...automation('app', 'app.git'), says: /apps\/app".*"pushed"/ },
    {
      ...automation('app-refused', 'config.git', { githubAppPrivateKey: other }),
      says: /does not take the key for GitHub App 12/,
    },
    {
      ...automation('app-no-key', 'config.git', { githubAppPrivateKey: planted.plant('no key') }),
      says: /githubAppPrivateKey is no RSA private key in PEM/,
    },
    {
      ...automation('app-token-refused', 'closed.git'),
      says: /apps\/app-token-refused/,
    },
  ];
}
