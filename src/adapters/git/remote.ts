import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeBasic } from '../../connections/encode-basic.ts';
import { environmentProxy } from '../../connections/environment-proxy.ts';
import { type ProcessWay, STRAIGHT } from '../../connections/process-way.ts';
import { tlsOptions, type TlsOptions } from '../../connections/tls-options.ts';
import type { SshLogin } from '../../domain/access.ts';
import { AppError } from '../../domain/errors.ts';
import type { Proxy } from '../../domain/proxy.ts';
import type { GitAccess } from '../../ports/ports.ts';

/** A checked remote address: what to connect to, what to show, and how to log in. */
export interface Remote {
  readonly kind: 'http' | 'ssh' | 'local';
  /** For programs; never holds a password. */
  readonly url: string;
  /** For people; holds no user either. */
  readonly display: string;
  readonly branch: string;
  /** Full name of the branch: `refs/heads/…`. */
  readonly ref: string;
  /** Value of the HTTP header `Authorization`. */
  readonly authorization?: string;
  /** Strings that must never be shown. */
  readonly secrets: readonly string[];
  /** Whom to trust over HTTPS, and what to show. */
  readonly tls: TlsOptions;
  /** The way to it over HTTP(S). */
  readonly proxy?: Proxy;
  readonly ssh?: SshLogin;
}

/** What `git` accepts as part of a ref name (git-check-ref-format), as "none of these". */
const BAD_BRANCH =
  // eslint-disable-next-line no-control-regex
  /^$|^-|^@$|^\/|\/$|\/\/|\.\.|@\{|[\u0000-\u0020\u007f~^:?*[\\]|(^|\/)\.|\.$|\.lock(\/|$)/;

/**
 * Checks a branch name, so that it can neither be an option nor a pattern.
 * @returns its full ref name
 * @throws AppError `usage`
 */
export function branchRef(branch: string): string {
  if (BAD_BRANCH.test(branch)) {
    throw new AppError('usage', `"${printable(branch)}" is not a valid branch name`);
  }
  return `refs/heads/${branch}`;
}

/**
 * Checks a full ref name, such as `refs/for/main`. Options of Gerrit may follow it after `%`.
 * @throws AppError `usage`
 */
export function checkedRef(ref: string): string {
  if (ref.startsWith('refs/') && !BAD_BRANCH.test(ref)) return ref;
  throw new AppError('usage', `"${printable(ref)}" is not a full ref name such as refs/for/main`);
}

/**
 * Reads a remote address. Userinfo in an HTTP address works as basic credentials.
 * @param own the process's way, to which the access adds
 * @throws AppError `usage` when it is malformed, `git/unsupported` for other transports, `secret/invalid`
 * for certificates that are none
 */
export function parseRemote(access: GitAccess, own: ProcessWay = STRAIGHT): Remote {
  const address = parseAddress(access);
  const { kind, url, secrets } = address;
  const proxy =
    kind === 'http' ? (access.proxy ?? environmentProxy(new URL(url), own.proxies)) : undefined;
  return {
    ...address,
    branch: access.branch,
    ref: branchRef(access.branch),
    tls: kind === 'http' ? tlsOf(access, own) : {},
    ...(proxy === undefined ? {} : { proxy }),
    ...(access.ssh === undefined ? {} : { ssh: access.ssh }),
    secrets: [
      ...secrets,
      ...proxySecrets(proxy),
      ...(access.ssh?.passphrase ? [access.ssh.passphrase] : []),
    ],
  };
}

function tlsOf({ ca, clientCertificate }: GitAccess, own: ProcessWay): TlsOptions {
  return tlsOptions({ cas: [own.ca, ca], clientCertificate });
}

function proxySecrets(proxy: Proxy | undefined): readonly string[] {
  if (proxy?.login === undefined) return [];
  return [proxy.login.password, encodeBasic(proxy.login)].filter((secret) => secret !== '');
}

type Address = Pick<Remote, 'kind' | 'url' | 'display' | 'authorization' | 'secrets'>;

function parseAddress(access: GitAccess): Address {
  const { url } = access;
  // eslint-disable-next-line no-control-regex
  if (url === '' || url.startsWith('-') || /[\u0000-\u001f\u007f]/.test(url)) {
    throw new AppError('usage', `"${printable(url)}" is not a Git address`);
  }
  if (/^[A-Za-z0-9+.-]+::/.test(url)) throw unsupportedTransport(url.slice(0, url.indexOf('::')));
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  return scheme === undefined ? parseShortForm(url) : parseByScheme(scheme, access);
}

function parseByScheme(scheme: string, access: GitAccess): Address {
  switch (scheme) {
    case 'http':
    case 'https':
      return parseHttp(access);
    case 'ssh':
    case 'git+ssh':
      return parseSsh(access.url);
    case 'file':
      return local(fileURLToPath(parseUrl(access.url)));
    default:
      throw unsupportedTransport(scheme);
  }
}

/** `user@host:path`, as SSH users write it, or a path (git-clone, "Git URLs"). */
function parseShortForm(url: string): Address {
  const scp = /^(?:[^/@:]+@)?([^/@:]+:.*)$/.exec(url);
  if (scp?.[1] === undefined) return local(resolve(url));
  if (url.includes('@-') || scp[1].startsWith('-')) {
    throw new AppError('usage', `"${printable(url)}" is not a Git address`);
  }
  return { kind: 'ssh', url, display: scp[1], secrets: [] };
}

function local(path: string): Address {
  return { kind: 'local', url: path, display: path, secrets: [] };
}

function parseSsh(url: string): Address {
  const parsed = parseUrl(url);
  if (parsed.hostname.startsWith('-') || parsed.username.startsWith('-')) {
    throw new AppError('usage', `"${printable(parsed.host)}" is not a host`);
  }
  parsed.password = '';
  const forPrograms = parsed.href;
  parsed.username = '';
  return { kind: 'ssh', url: forPrograms, display: parsed.href, secrets: [] };
}

function parseHttp({ url, basic, bearerToken }: GitAccess): Address {
  const parsed = parseUrl(url);
  const userinfo =
    parsed.username === '' && parsed.password === ''
      ? undefined
      : {
          username: decodeURIComponent(parsed.username),
          password: decodeURIComponent(parsed.password),
        };
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  const plain = parsed.href;
  const login = basic ?? userinfo;
  const base = { kind: 'http', url: plain, display: plain } as const;
  if (bearerToken !== undefined) {
    return { ...base, authorization: `Bearer ${headerSafe(bearerToken)}`, secrets: [bearerToken] };
  }
  if (login === undefined) return { ...base, secrets: [] };
  const encoded = encodeBasic(login);
  return {
    ...base,
    authorization: `Basic ${encoded}`,
    // Some forges take the token as the user name, so that counts as a secret without a password.
    secrets: [login.password === '' ? login.username : login.password, encoded].filter(
      (secret) => secret !== '',
    ),
  };
}

function headerSafe(token: string): string {
  const trimmed = token.trim();
  if (!/^[\u0021-\u007e]+$/.test(trimmed)) {
    throw new AppError('secret/invalid', 'the bearer token for Git holds spaces or line ends');
  }
  return trimmed;
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    // The address itself may hold a password, so it is not repeated here.
    throw new AppError('usage', 'the Git address is not a valid URL');
  }
}

function unsupportedTransport(name: string): AppError {
  return new AppError(
    'git/unsupported',
    `Git transport "${name}" is not supported: use https://, http://, ssh:// or a local path`,
  );
}

/** Text of unknown origin, short and on one line. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, '?').slice(0, 200);
}
