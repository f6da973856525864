import { errors } from 'undici';
import { AppError } from '../../domain/errors.ts';
import type { Call } from './call.ts';

const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'there is no such host; check the name and DNS'],
  ['EAI_AGAIN', 'its name cannot be resolved at the moment; check DNS'],
  ['ECONNREFUSED', 'nothing listens there; check host and port, and that the registry runs'],
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

/** The error for a request that got no answer, with the mend where there is one. */
export function networkError(error: unknown, url: URL, call: Call): AppError {
  if (error instanceof AppError) return error;
  if (call.deadline.signal.aborted) return call.deadline.error(`${call.name}: ${url.host}`);
  const code = systemCode(error);
  if (isNotHttp(error)) {
    const text = `${call.name}: ${url.host} does not speak HTTP as it should`;
    return new AppError('registry/bad-response', text, { cause: error });
  }
  const text = `${call.name}: cannot reach ${url.host}: ${reasonOf(code)}`;
  return new AppError('registry/unreachable', text, { cause: error, retry: true });
}

function reasonOf(code: string | undefined): string {
  if (code !== undefined && UNTRUSTED_CODES.has(code))
    return 'its certificate is not trusted; give its CA by certSecretRef or --ca-file';
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
