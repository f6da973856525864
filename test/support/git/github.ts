import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { join } from 'node:path';
import { answerGitObjects, type CommitMaker } from './github-commits.ts';
import {
  startGitHttpServer,
  type Fault,
  type GitHttpServer,
  type LoggedRequest,
} from './http-server.ts';

/** What the imitation knows of its one App. */
export interface GitHubState {
  /** The server's time. */
  now: () => Date;
  /** Is the installation suspended? */
  isSuspended: boolean;
  permissions: Readonly<Record<string, string>> | undefined;
  /** How long tokens live, in ms. */
  tokenLifeMs: number;
  /** Instead of a token. */
  fault: Fault | undefined;
  newToken: (count: number) => string;
  /** Makes commits through the API for Git objects; undefined: there is no such API. */
  commits: CommitMaker | undefined;
  /** Sees every request, and may answer it. */
  intercept: (request: LoggedRequest) => Fault | undefined;
}

/** A GitHub with one App (12), installed for the organisation `org` (34) and the person `ana` (56). */
export interface GitHub {
  /** Serves repos at its root to whoever has a token that is good, as `git http-backend` does. */
  readonly server: GitHttpServer;
  readonly apiUrl: string;
  readonly state: GitHubState;
  /** Every token that was given out, in order. */
  readonly tokens: readonly string[];
  /** Requests to the API: method and path below its base. */
  readonly asked: readonly string[];
  /** Takes back the tokens that were given out. */
  revoke(): void;
  /** What a Secret for the App holds. */
  secret(more?: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** A key of an App in both of its formats. */
export interface AppKey {
  readonly pkcs1: string;
  readonly pkcs8: string;
}

/** Makes a key as GitHub does. */
export function makeAppKey(): AppKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (type: 'pkcs1' | 'pkcs8') => privateKey.export({ type, format: 'pem' }) as string;
  return { pkcs1: pem('pkcs1'), pkcs8: pem('pkcs8') };
}

const APP = '12';
const BASE = '/api/v3';
const INSTALLATIONS: Readonly<Record<string, number>> = { org: 34, ana: 56 };

/**
 * Starts a GitHub on loopback, over TLS. It is as strict as the real one: a JWT must be signed with the App's key by RS256, not be
 * from the future, not be over and not live for more than ten minutes, all by the server's clock.
 * @param root folder with bare repos
 */
export async function startGitHub(root: string, key: AppKey): Promise<GitHub> {
  const state: GitHubState = {
    now: () => new Date(),
    isSuspended: false,
    permissions: { contents: 'write', metadata: 'read' },
    tokenLifeMs: 3_600_000,
    fault: undefined,
    newToken: (count) => `ghs_planted${count}`,
    commits: undefined,
    intercept: () => undefined,
  };
  const server = await startGitHttpServer({ root, tls: true });
  const ends = new Map<string, number>();
  const tokens: string[] = [];
  const asked: string[] = [];
  const json = (status: number, body: unknown): Fault => ({
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json', date: state.now().toUTCString() },
    body: JSON.stringify(body),
  });
  const installation = (id: number) => ({
    id,
    app_id: Number(APP),
    suspended_at: state.isSuspended ? '2026-01-01T00:00:00Z' : null,
  });
  const newToken = () => {
    const token = state.newToken(tokens.length);
    const end = state.now().getTime() + state.tokenLifeMs;
    tokens.push(token);
    ends.set(token, end);
    // Whole seconds, as GitHub has them.
    return json(201, {
      token,
      expires_at: new Date(end).toISOString().replace(/\.\d+/, ''),
      ...(state.permissions === undefined ? {} : { permissions: state.permissions }),
    });
  };
  const isGood = (token: string) => (ends.get(token) ?? 0) > state.now().getTime();
  /** The API for Git objects, where a request is for it. */
  const objects = ({ method, url, authorization = '' }: LoggedRequest): Fault | undefined => {
    const { commits } = state;
    const path = url.slice(BASE.length);
    const [, repo, place] = /^\/repos\/([\w-]+\/[\w-]+)\/git\/(trees|commits)$/.exec(path) ?? [];
    if (place === undefined || commits === undefined || method !== 'POST') return undefined;
    if (!isGood(authorization.replace(/^Bearer /, '')))
      return json(401, { message: `no good: ${authorization}` });
    const folder = join(root, `${repo}.git`);
    return { kind: 'reply', to: (body) => answerGitObjects(folder, commits, place, body) };
  };
  const api = ({ method, url, authorization = '' }: LoggedRequest): Fault => {
    const path = url.slice(BASE.length);
    asked.push(`${method} ${path}`);
    const claims = readJwt(authorization.replace(/^Bearer /, ''), key);
    if (claims === undefined) return json(401, { message: `no good: ${authorization}` });
    const nowS = state.now().getTime() / 1000;
    const { iss, iat, exp } = claims;
    const isTimely = iat <= nowS && exp > nowS && exp - nowS <= 600;
    if (!isTimely) return json(401, { message: `'exp' or 'iat': ${authorization}` });
    if (iss !== APP) return json(404, { message: 'Integration not found' });
    if (path === '/app') return json(200, { id: Number(APP), slug: 'lockkeeper' });
    const [, kind, owner = ''] = /^\/(orgs|users)\/(\w+)\/installation$/.exec(path) ?? [];
    const known = INSTALLATIONS[owner];
    if (known !== undefined && (kind === 'orgs') === (owner === 'org'))
      return json(200, installation(known));
    const [, id, isToken] = /^\/app\/installations\/(\d+)(\/access_tokens)?$/.exec(path) ?? [];
    if (!Object.values(INSTALLATIONS).includes(Number(id)))
      return json(404, { message: 'Not Found' });
    if (isToken === undefined) return json(200, installation(Number(id)));
    if (method !== 'POST') return json(404, { message: 'Not Found' });
    if (state.isSuspended) return json(403, { message: 'This installation has been suspended' });
    return state.fault ?? newToken();
  };
  server.inject((request) => {
    const intercepted = state.intercept(request);
    if (intercepted !== undefined) return intercepted;
    if (request.url.startsWith(BASE)) return objects(request) ?? api(request);
    const [, login = ''] = /^Basic (.*)$/.exec(request.authorization ?? '') ?? [];
    const [user, token = ''] = Buffer.from(login, 'base64').toString().split(':');
    if (user === 'x-access-token' && isGood(token)) return undefined;
    const headers = { 'www-authenticate': 'Basic realm="GitHub"', 'content-type': 'text/plain' };
    return { kind: 'answer', status: 401, headers, body: `no good: ${request.authorization}` };
  });
  const apiUrl = `${new URL(server.url('')).origin}${BASE}`;
  return {
    server,
    apiUrl,
    state,
    tokens,
    asked,
    revoke: () => ends.clear(),
    secret: (more = {}) => ({
      githubAppID: APP,
      githubAppPrivateKey: key.pkcs1,
      githubAppBaseURL: apiUrl,
      ...(server.ca === undefined ? {} : { 'ca.crt': server.ca }),
      ...('githubAppInstallationOwner' in more ? {} : { githubAppInstallationID: '34' }),
      ...more,
    }),
    close: () => server.close(),
  };
}

interface Claims {
  readonly iss: string;
  readonly iat: number;
  readonly exp: number;
}

/** Undefined unless the App's key has signed it. */
function readJwt(jwt: string, { pkcs8 }: AppKey): Claims | undefined {
  const [head = '', payload = '', signature = '', ...rest] = jwt.split('.');
  const read = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  try {
    const signed = Buffer.from(`${head}.${payload}`);
    const isSigned = verify(
      'RSA-SHA256',
      signed,
      createPublicKey(pkcs8),
      Buffer.from(signature, 'base64url'),
    );
    const { iss, iat, exp } = read(payload);
    const areThere = typeof iss === 'string' && Number.isInteger(iat) && Number.isInteger(exp);
    if (!isSigned || !areThere || rest.length > 0 || read(head)['alg'] !== 'RS256')
      return undefined;
    return { iss, iat: Number(iat), exp: Number(exp) };
  } catch {
    return undefined;
  }
}
