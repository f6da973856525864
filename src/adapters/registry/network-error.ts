import { errors } from 'undici';
import { ProxyUnreachable, TunnelRefused } from '../../connections/proxy-failures.ts';
import { proxyRefusal } from '../../connections/proxy-trouble.ts';
import { isClientRefused, isUntrusted } from '../../connections/tls-trouble.ts';
import { AppError } from '../../domain/errors.ts';
import type { Call } from './call.ts';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'there is no such host; check the name and DNS'],
  ['EAI_AGAIN', 'its name cannot be resolved at the moment; check DNS'],
  ['ECONNREFUSED', 'nothing listens there; check host and port, and that it runs'],
  ['EHOSTUNREACH', 'there is no route to it'],
  ['ENETUNREACH', 'there is no route to it'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'the connection timed out'],
  ['ECONNRESET', 'the connection broke'],
  ['EPIPE', 'the connection broke'],
  ['UND_ERR_SOCKET', 'the connection broke'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; check the clocks'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
]);

/** The code that Node or undici gave an error, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Where a request was to go. */
export interface Target {
  readonly url: URL;
  /** URL of the proxy on the way. */
  readonly proxy: string | undefined;
}

/** The error for a request that got no answer, with the mend where there is one. */
export function networkError(error: unknown, { url, proxy }: Target, call: Call): AppError {
  if (error instanceof AppError) return error;
  if (call.deadline.signal.aborted) return call.deadline.error(`${call.name}: ${url.host}`);
  if (isNotHttp(error)) {
    const text = `${call.name}: ${url.host} does not speak HTTP as it should`;
    return new AppError('registry/bad-response', text, { cause: error });
  }
  if (error instanceof TunnelRefused) return tunnelError(error, { url, proxy }, call);
  const unreachable = (what: string, reason: string) =>
    new AppError('registry/unreachable', `${call.name}: cannot reach ${what}: ${reason}`, {
      cause: error,
      retry: true,
    });
  if (error instanceof ProxyUnreachable) {
    return unreachable(`the proxy ${proxy}`, reasonOf(systemCode(error.cause)));
  }
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  return unreachable(`${url.host}${way}`, reasonOf(systemCode(error)));
}

/** The error for a proxy that wants a login, or another one (407). */
export function proxyLoginError(proxy: string | undefined, call: Call): AppError {
  return new AppError('registry/unauthorized', `${call.name}: ${proxyRefusal(407, proxy).text}`);
}

function tunnelError(error: TunnelRefused, { url, proxy }: Target, call: Call): AppError {
  const { text, wantsLogin, mayPass } = proxyRefusal(error.status, proxy);
  if (wantsLogin) return proxyLoginError(proxy, call);
  return new AppError('registry/unreachable', `${call.name}: cannot reach ${url.host}: ${text}`, {
    cause: error,
    retry: mayPass,
  });
}

function reasonOf(code: string | undefined): string {
  if (isUntrusted(code))
    return 'its certificate is not trusted; give its CA by certSecretRef or --ca-file';
  if (isClientRefused(code))
    return 'it wants a client certificate that it trusts; give tls.crt and tls.key by certSecretRef';
  if (isNotTls(code))
    return 'it does not answer by TLS; if it speaks plain HTTP, allow that by `insecure: true` (`select --insecure`)';
  return REASONS.get(code ?? '') ?? `the request failed (${code ?? 'unknown error'})`;
}

/** OpenSSL cannot read the answer as TLS: most often it is plain HTTP. */
function isNotTls(code: string | undefined): boolean {
  return code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true;
}

function isNotHttp(error: unknown): boolean {
  return error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError;
}
