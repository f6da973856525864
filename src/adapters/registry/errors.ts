import { z } from 'zod';
import { retryAfterMs } from '../../connections/retry-after.ts';
import { AppError, type ErrorCode } from '../../domain/errors.ts';
import { quotable } from '../../domain/foreign-text.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Call, HttpResponse } from './call.ts';
import { formsOf } from './credentials.ts';

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

/** What was asked for: a login at a token service, or something of the repository. */
export type Asked = 'login' | 'content';

/**
 * The error for a response that is not what was asked for. Names the repository, the host that
 * answered where it is another one, and what the registry itself says.
 */
export function statusError(
  response: HttpResponse,
  call: Call,
  now: Date,
  asked: Asked = 'content',
): AppError {
  const reported = reportedError(response.body);
  const code = codeOf(response);
  const mayPass = code === 'registry/rate-limited' || code === 'registry/server-error';
  const afterMs = mayPass ? retryAfterMs(response.header('retry-after'), now) : undefined;
  const detail = [reported.code, reported.message].filter(Boolean).join(': ');
  const answered = `${response.status}${detail === '' ? '' : ` ${printable(detail, call)}`}`;
  const from = response.url.host === call.base.host ? '' : ` by ${response.url.host}`;
  const cause = explain(code, call, response, asked);
  return new AppError(code, `${call.name}: ${cause} (${answered}${from})`, {
    retry: mayPass,
    ...(afterMs === undefined ? {} : { afterMs }),
  });
}

/** The code that a registry gives for a failure (`NAME_UNKNOWN`), where it gives one. */
export function reportedCode({ body }: HttpResponse): string | undefined {
  return reportedError(body).code;
}

/** Does an answer say that there were too many requests? Some registries say so only in the body. */
export function isRateLimited(response: HttpResponse): boolean {
  const { status } = response;
  return status === 429 || (status >= 400 && RATE_CODES.has(reportedCode(response) ?? ''));
}

/** The error for a body that is not what it should be. */
export function badResponse(call: Call, what: string): AppError {
  return new AppError('registry/bad-response', `${call.name}: ${printable(what, call)}`);
}

/** A foreign text for one line of a message: no secrets, no control characters, not long. */
export function printable(text: string, call: Call): string {
  return quotable(text, [...call.secrets].flatMap(formsOf));
}

function codeOf(response: HttpResponse): ErrorCode {
  const { status } = response;
  if (isRateLimited(response)) return 'registry/rate-limited';
  if (status === 401 || status === 403) return 'registry/unauthorized';
  if (status === 404) return 'registry/not-found';
  return status >= 500 ? 'registry/server-error' : 'registry/bad-response';
}

function explain(code: ErrorCode, call: Call, response: HttpResponse, asked: Asked): string {
  switch (code) {
    case 'registry/rate-limited':
      return 'the registry allows no more requests for now';
    case 'registry/unauthorized':
      return explainDenial(call, response, asked);
    case 'registry/not-found':
      return asked === 'login' ? 'the token service is not there' : explainAbsence(call);
    case 'registry/server-error':
      return asked === 'login' ? 'the token service failed' : 'the registry failed';
    default:
      return call.access.insecure && response.status === 400
        ? 'unexpected answer; if the registry speaks HTTPS, leave out `insecure`'
        : 'unexpected answer';
  }
}

/** Registries say 401 and 403 for one another, and both for what is not there: the stage tells more. */
function explainDenial({ credentials }: Call, { status }: HttpResponse, asked: Asked): string {
  if (credentials.kind === 'anonymous')
    return 'access denied without credentials; give some if the repository is private, and check its name: many registries deny what they do not have';
  if (asked === 'login')
    return 'access denied; check the credentials: the token service does not take them';
  return status === 403
    ? 'access denied; check what the credentials may read, and the name of the repository'
    : 'access denied; check the credentials, what they may read, and the name of the repository';
}

function explainAbsence({ credentials }: Call): string {
  return credentials.kind === 'anonymous'
    ? 'no such repository, or a private one that is hidden without credentials'
    : 'no such repository, or one that the credentials may not see';
}

function reportedError(body: Buffer): Reported {
  const json = parseJson(body.toString());
  const oci = OciErrors.safeParse(json).data?.errors[0];
  if (oci !== undefined) return { code: oci.code ?? undefined, message: oci.message ?? undefined };
  const aws = AwsError.safeParse(json).data;
  if (aws !== undefined) return { code: aws.__type, message: aws.message ?? undefined };
  const token = TokenError.safeParse(json).data;
  return { code: token?.error, message: token?.error_description ?? token?.details };
}
