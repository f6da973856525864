import { z } from 'zod';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import type { Call, HttpResponse } from './call.ts';
import { retryAfterMs } from './retry.ts';

/** Longest text of a registry that goes into a message. */
const MAX_DETAIL_LENGTH = 200;

const OciErrors = z.object({
  errors: z.array(z.object({ code: z.string().nullish(), message: z.string().nullish() })).min(1),
});

/** Body codes for too many requests: OCI distribution-spec, and ECR, whose status may be 400. */
const RATE_CODES: ReadonlySet<string> = new Set(['TOOMANYREQUESTS', 'ThrottlingException']);

/** AWS: the name of an exception, with or without its namespace. */
const AwsError = z.object({
  __type: z.string().transform((type) => type.replace(/^.*#/, '')),
  message: z.string().nullish(),
});

/** Token services: OAuth 2 (RFC 6749 section 5.2), or distribution's `details`. */
const TokenError = z.object({
  error: z.string().optional(),
  error_description: z.string().optional(),
  details: z.string().optional(),
});

interface Reported {
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/**
 * The error for a response that is not what was asked for. Names the repository, the host that
 * answered where it is another one, and what the registry itself says.
 */
export function statusError(response: HttpResponse, call: Call, now: Date): AppError {
  const reported = reportedError(response.body);
  const code = codeOf(response);
  const afterMs =
    code === 'registry/rate-limited' || code === 'registry/server-error'
      ? retryAfterMs(response.header('retry-after'), now)
      : undefined;
  const detail = [reported.code, reported.message].filter(Boolean).join(': ');
  const answered = `${response.status}${detail === '' ? '' : ` ${printable(detail, call)}`}`;
  const from = response.url.host === call.base.host ? '' : ` by ${response.url.host}`;
  return new AppError(code, `${call.name}: ${explain(code, call, response)} (${answered}${from})`, {
    retry: code === 'registry/rate-limited' || code === 'registry/server-error',
    ...(afterMs === undefined ? {} : { afterMs }),
  });
}

/** Does an answer say that there were too many requests? Some registries say so only in the body. */
export function isRateLimited({ status, body }: HttpResponse): boolean {
  return status === 429 || (status >= 400 && RATE_CODES.has(reportedError(body).code ?? ''));
}

/** The error for a body that is not what it should be. */
export function badResponse(call: Call, what: string): AppError {
  return new AppError('registry/bad-response', `${call.name}: ${printable(what, call)}`);
}

/** A foreign text for one line of a message: no secrets, no control characters, not long. */
export function printable(text: string, call: Call): string {
  let safe = text;
  for (const secret of call.secrets) safe = safe.replaceAll(secret, '***');
  safe = safe.replace(/[\p{C}\s]+/gu, ' ').trim();
  return safe.length > MAX_DETAIL_LENGTH ? `${safe.slice(0, MAX_DETAIL_LENGTH)}…` : safe;
}

function codeOf(response: HttpResponse): ErrorCode {
  const { status } = response;
  if (isRateLimited(response)) return 'registry/rate-limited';
  if (status === 401 || status === 403) return 'registry/unauthorized';
  if (status === 404) return 'registry/not-found';
  return status >= 500 ? 'registry/server-error' : 'registry/bad-response';
}

function explain(code: ErrorCode, call: Call, response: HttpResponse): string {
  switch (code) {
    case 'registry/rate-limited':
      return 'the registry allows no more requests for now';
    case 'registry/unauthorized':
      return call.credentials.kind === 'anonymous'
        ? 'access denied without credentials; give some if the repository is private'
        : 'access denied; check the credentials and what they may read';
    case 'registry/not-found':
      return 'no such repository';
    case 'registry/server-error':
      return 'the registry failed';
    default:
      return call.access.insecure && response.status === 400
        ? 'unexpected answer; if the registry speaks HTTPS, leave out `insecure`'
        : 'unexpected answer';
  }
}

function reportedError(body: Buffer): Reported {
  const json = parseJson(body);
  const oci = OciErrors.safeParse(json).data?.errors[0];
  if (oci !== undefined) return { code: oci.code ?? undefined, message: oci.message ?? undefined };
  const aws = AwsError.safeParse(json).data;
  if (aws !== undefined) return { code: aws.__type, message: aws.message ?? undefined };
  const token = TokenError.safeParse(json).data;
  return { code: token?.error, message: token?.error_description ?? token?.details };
}

/** The value of a JSON text, or undefined. The parser's own error is dropped: it quotes the text. */
export function parseJson(body: Buffer | string): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
