import { createHash } from 'node:crypto';
import { type Answer, type Loopback, type SeenRequest, startLoopback } from './loopback.ts';

/** The habits of one registry, as far as clients see them (facts: `docs/registries.md`). */
export interface Imitation {
  readonly name: string;
  /** By this name the client knows the registry's habits. */
  readonly host: string;
  /** `pushed`: in no order that a client could make use of. */
  readonly order: 'lexical' | 'pushed';
  /** Tags in a page when the client does not say. */
  readonly defaultPage: number;
  /** Most tags in a page, and what happens to who asks for more. */
  readonly maxPage: number;
  readonly aboveMax?: 'fewer' | 405;
  /** All tags are sent, whatever the client asks for. */
  readonly ignoresSize?: boolean;
  /** How a link names the next page: by the last tag, or by a text that means nothing to the client. */
  readonly cursor: 'last' | 'opaque';
  /** The link to the next page, from the query that leads there; null: there are no links. */
  readonly link: ((query: string, at: { host: string; path: string }) => string) | null;
  readonly auth: BasicAuth | TokenAuth;
  /** Answer for a repository that is not there. */
  readonly missing: Answer;
  /** What a list of these tags has besides them. */
  readonly listExtras?: (tags: readonly string[]) => object;
  /** Headers of answers about manifests. */
  readonly manifestHeaders?: Readonly<Record<string, string>>;
}

/** A login with every request. */
export interface BasicAuth {
  readonly kind: 'basic';
  /** `WWW-Authenticate`, as sent. */
  readonly challenge: string;
}

/** Tokens, which everybody gets, but wrong logins. */
export interface TokenAuth {
  readonly kind: 'token';
  /** Path of the token service. */
  readonly path: string;
  /** Is it on another host? */
  readonly elsewhere?: boolean;
  /** `WWW-Authenticate`, one or several, for the realm and the scope of a repository. */
  readonly challenges: (realm: string, scope: string) => readonly string[];
  /** What it answers beside the status. */
  readonly answer: (token: string) => object;
  /** A token opens all repositories, whatever scope it was asked for. */
  readonly opensAll?: boolean;
  /** Takes identity tokens by POST. */
  readonly oauth?: boolean;
}

/** The one login that an imitation takes, also with an identity token in place of the password. */
export const LOGIN = { username: 'robot$team+ci', password: 'planted-pass$word' };

/** A registry that was imitated on loopback. */
export interface ImitatedRegistry {
  readonly host: string;
  /** Requests for lists, tokens and manifests so far. */
  readonly lists: () => readonly SeenRequest[];
  readonly tokens: () => readonly SeenRequest[];
  readonly manifests: () => readonly SeenRequest[];
  /** All requests to the registry and its token service. */
  readonly count: () => number;
  /** TCP connections opened so far. */
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/** The digest of a tag in an imitated registry. */
export function digestOf(tag: string): string {
  return `sha256:${createHash('sha256').update(tag).digest('hex')}`;
}

/** Starts one, with its token service where that is elsewhere. */
export async function startImitation(
  imitation: Imitation,
  repositories: Readonly<Record<string, readonly string[]>>,
): Promise<ImitatedRegistry> {
  const { auth, order } = imitation;
  const lists = new Map(
    Object.entries(repositories).map(([path, pushed]) => [
      path,
      order === 'lexical' ? pushed.toSorted() : pushed,
    ]),
  );
  const elsewhere = auth.kind === 'token' && auth.elsewhere === true;
  const tokenService = elsewhere ? await startLoopback(answerToken(auth)) : undefined;
  const server: Loopback = await startLoopback((request) => {
    if (auth.kind === 'token' && !elsewhere && pathOf(request) === auth.path)
      return answerToken(auth)(request);
    const path = /^\/v2\/(.+)\/(?:tags\/list|manifests\/[^/]+)$/.exec(pathOf(request))?.[1] ?? '';
    const realm = auth.kind === 'token' ? `${(tokenService ?? server).url}${auth.path}` : '';
    const challenge = challengeFor(imitation, request, { realm, path });
    if (challenge !== undefined) return challenge;
    const tags = lists.get(path);
    if (tags === undefined) return imitation.missing;
    return request.url.includes('/tags/list')
      ? tagList(imitation, tags, request)
      : manifest(imitation, tags, request);
  });
  const isToken = (request: SeenRequest) => auth.kind === 'token' && pathOf(request) === auth.path;
  const all = () => [...server.requests, ...(tokenService?.requests ?? [])];
  return {
    host: server.host,
    lists: () => server.requests.filter(({ url }) => url.includes('/tags/list')),
    tokens: () => all().filter(isToken),
    manifests: () => server.requests.filter(({ url }) => url.includes('/manifests/')),
    count: () => all().length,
    connections: () => server.connections() + (tokenService?.connections() ?? 0),
    close: async () => {
      await server.close();
      await tokenService?.close();
    },
  };
}

const pathOf = ({ url }: SeenRequest) => new URL(url, 'http://x').pathname;
const BASIC = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
const UNAUTHORIZED = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] };

/** A token names the scope that it was given for, and opens nothing else. */
function tokenFor(scope: string): string {
  return `token-for-${Buffer.from(scope).toString('hex')}`;
}

function answerToken(auth: TokenAuth): (request: SeenRequest) => Answer {
  return ({ method, url, headers, body }) => {
    const form = new URLSearchParams(body);
    const isIdentity = form.get('refresh_token') === LOGIN.password;
    if (method === 'POST' && auth.oauth !== true) return { status: 404 };
    const { authorization } = headers;
    if (method === 'POST' ? !isIdentity : authorization !== undefined && authorization !== BASIC)
      return { status: 401, body: { details: 'incorrect username or password' } };
    const asked = method === 'POST' ? form : new URL(url, 'http://x').searchParams;
    return {
      body: auth.answer(tokenFor(auth.opensAll === true ? '' : (asked.get('scope') ?? ''))),
    };
  };
}

function challengeFor(
  { auth }: Imitation,
  { headers }: SeenRequest,
  { realm, path }: { readonly realm: string; readonly path: string },
): Answer | undefined {
  if (auth.kind === 'basic') {
    if (headers.authorization === BASIC) return undefined;
    const challenge = { 'www-authenticate': auth.challenge };
    return { status: 401, headers: challenge, body: UNAUTHORIZED };
  }
  const scope = `repository:${path}:pull`;
  const challenges = auth.challenges(realm, scope);
  const named = /scope="([^"]*)"/.exec(challenges.join())?.[1] ?? scope;
  const wanted = auth.opensAll === true ? '' : named;
  if (headers.authorization === `Bearer ${tokenFor(wanted)}`) return undefined;
  return { status: 401, headers: { 'www-authenticate': challenges }, body: UNAUTHORIZED };
}

function tagList(imitation: Imitation, tags: readonly string[], request: SeenRequest): Answer {
  const { searchParams: query, pathname: path } = new URL(request.url, 'http://x');
  const asked = Number(query.get('n') ?? imitation.defaultPage);
  if (asked > imitation.maxPage && imitation.aboveMax === 405)
    return { status: 405, body: { errors: [{ code: 'UNSUPPORTED', message: 'n is too large' }] } };
  const size = imitation.ignoresSize === true ? tags.length : Math.min(asked, imitation.maxPage);
  const start = startOf(imitation, tags, query);
  const page = tags.slice(start, start + size);
  const name = path.slice('/v2/'.length, -'/tags/list'.length);
  const body = { name, tags: page, ...imitation.listExtras?.(page) };
  if (start + size >= tags.length || imitation.link === null) return { body };
  const next =
    imitation.cursor === 'last'
      ? `last=${page.at(-1) ?? ''}&n=${size}`
      : `next_page=${encodeURIComponent(opaque(start + size))}&n=${size}`;
  const link = imitation.link(next, { host: request.headers.host ?? '', path });
  return { body, headers: { link: `<${link}>; rel="next"` } };
}

function startOf({ order, cursor }: Imitation, tags: readonly string[], query: URLSearchParams) {
  if (cursor === 'opaque') {
    const next = query.get('next_page');
    return next === null ? 0 : Number(Buffer.from(next, 'base64').toString().slice('at '.length));
  }
  const last = query.get('last');
  if (last === null) return 0;
  if (order === 'pushed') return tags.indexOf(last) + 1;
  const start = tags.findIndex((tag) => tag > last);
  return start < 0 ? tags.length : start;
}

/** Ends in `=`, which has to come back as it was. */
function opaque(start: number): string {
  return Buffer.from(`at ${start}`.padEnd(64)).toString('base64');
}

function manifest(imitation: Imitation, tags: readonly string[], { url }: SeenRequest): Answer {
  const tag = url.split('/').at(-1) ?? '';
  if (!tags.includes(tag)) return { status: 404 };
  return {
    headers: { 'docker-content-digest': digestOf(tag), ...imitation.manifestHeaders },
    body: tag,
  };
}
