import { ProxyUnreachable, TunnelRefused } from './proxy-failures.ts';

/** Why a proxy stood in the way. */
export interface ProxyTrouble {
  /** Names the proxy. */
  readonly text: string;
  /** It wants a login, or another one. */
  readonly wantsLogin: boolean;
  /** It may pass by itself. */
  readonly mayPass: boolean;
}

/**
 * What a proxy says by the status of its answer where it does not let a request through (RFC 9110 sections 9.3.6 and 15).
 * @param proxy its URL, where that is known
 */
export function proxyRefusal(status: number, proxy: string | undefined): ProxyTrouble {
  const name = nameOf(proxy);
  if (status === 407) {
    const mend = 'check username and password of proxySecretRef, or of HTTPS_PROXY';
    const text = `${name} wants another login (407); ${mend}`;
    return { text, wantsLogin: true, mayPass: false };
  }
  const mayPass = status >= 500;
  const reason = mayPass ? 'cannot reach that host' : 'does not let requests through';
  return { text: `${name} ${reason} (${status})`, wantsLogin: false, mayPass };
}

/**
 * Why a proxy stood in the way of a request; undefined where it was not the proxy.
 * @param proxy its URL, where that is known
 */
export function proxyTrouble(error: unknown, proxy: string | undefined): ProxyTrouble | undefined {
  if (error instanceof TunnelRefused) return proxyRefusal(error.status, proxy);
  if (!(error instanceof ProxyUnreachable)) return undefined;
  return { text: `${nameOf(proxy)} cannot be reached`, wantsLogin: false, mayPass: true };
}

function nameOf(proxy: string | undefined): string {
  return proxy === undefined ? 'the proxy' : `the proxy ${proxy}`;
}
