import type { Login } from './access.ts';

/** An HTTP proxy. */
export interface Proxy {
  /** `http://HOST:PORT` or `https://HOST:PORT`, without login: it may be shown. */
  readonly url: string;
  readonly login?: Login;
}

/** An address of a proxy that works, for messages. */
export const PROXY_EXAMPLE = 'http://proxy.example.com:3128';

/**
 * Reads the address of an HTTP proxy as `HTTPS_PROXY` has it: a URL, with or without `http://` and a login.
 * @returns undefined when it is none; the text itself may hold a password and is not for messages
 */
export function parseProxyAddress(text: string): Proxy | undefined {
  const trimmed = text.trim();
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  if (!URL.canParse(address)) return undefined;
  const { protocol, origin, hostname, username, password, pathname } = new URL(address);
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '' || pathname !== '/') {
    return undefined;
  }
  const [user, secret] = [decoded(username), decoded(password)];
  if (user === undefined || secret === undefined) return undefined;
  return {
    url: origin,
    ...(username === '' ? {} : { login: { username: user, password: secret } }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
