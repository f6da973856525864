import { BlockList, isIP } from 'node:net';
import type { Proxy } from '../domain/proxy.ts';

/** What the environment says about proxies. */
export interface EnvironmentProxies {
  /** For `https:` URLs. */
  readonly https?: Proxy;
  /** For `http:` URLs. */
  readonly http?: Proxy;
  /** Content of `NO_PROXY`. */
  readonly exceptions: string;
}

/**
 * The proxy for a URL. Exceptions read as in Go, whose programs share the variables of a cluster: `example.com` is
 * the domain and all below it, `.example.com` only those, either may name a port; IP addresses and CIDR ranges;
 * `*` is everything. Loopback is never behind a proxy.
 */
export function environmentProxy(
  url: URL,
  { https, http, exceptions }: EnvironmentProxies,
): Proxy | undefined {
  const proxy = url.protocol === 'https:' ? https : http;
  if (proxy === undefined) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const isException = exceptions
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((exception) => covers(exception.toLowerCase(), host, port));
  return isException || isLoopback(host) ? undefined : proxy;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || covers('127.0.0.0/8', host, '') || host === '::1';
}

function covers(exception: string, host: string, port: string): boolean {
  if (exception === '*') return true;
  if (exception.includes('/')) return isInRange(exception, host);
  const [, name = '', named] =
    isIP(exception) === 6 ? ['', exception] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(exception) ?? []);
  if (named !== undefined && named !== port) return false;
  if (isIP(host) !== 0) return name === host;
  const domain = name.replace(/^\*?\./, '');
  return host.endsWith(`.${domain}`) || (name === domain && host === domain);
}

function isInRange(range: string, host: string): boolean {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(address);
  const isValid = /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
  if (family === 0 || family !== isIP(host) || !isValid) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}
