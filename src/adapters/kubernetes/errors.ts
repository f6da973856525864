import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { quotable } from '../../domain/foreign-text.ts';
import { describeTarget, type ApiRequest } from './resource.ts';

/** An API server says who may not do what to which object of where. */
const MAX_DETAIL_CHARS = 400;

const Status = z.object({ message: z.string().optional(), code: z.number().optional() });

const NETWORK_REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'its name cannot be resolved at the moment'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['EHOSTUNREACH', 'there is no route to it'],
  ['ENETUNREACH', 'there is no route to it'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'the connection timed out'],
  ['UND_ERR_HEADERS_TIMEOUT', 'it did not answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'nothing came for too long'],
  ['ECONNRESET', 'the connection broke'],
  ['EPIPE', 'the connection broke'],
  ['UND_ERR_SOCKET', 'the connection broke'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted by the kubeconfig'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted by the kubeconfig'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not trusted by the kubeconfig'],
]);

/** The code inside a `Status` body, which is what an ERROR event of a watch carries. */
export function statusCode(body: unknown): number | undefined {
  return Status.safeParse(body).data?.code;
}

/** The error for an answer that was not wanted. Names the verb and resource that RBAC lacks. */
export function answerError(
  request: ApiRequest,
  answer: { readonly status: number; readonly body: unknown; readonly retryAfter?: string },
): AppError {
  const target = describeTarget(request);
  const said = Status.safeParse(answer.body).data?.message ?? `HTTP ${answer.status}`;
  const detail = quotable(said, [], MAX_DETAIL_CHARS);
  if (answer.status === 401) {
    const text = `the API server does not accept the credentials: ${detail}; check the kubeconfig or the mounted token`;
    return new AppError('cluster/forbidden', text, { retry: true });
  }
  if (answer.status === 403) {
    const text = `not allowed to ${request.verb} ${target}; grant that by RBAC (${detail})`;
    return new AppError('cluster/forbidden', text, { retry: true });
  }
  if (answer.status === 404 && request.name === undefined) {
    const text = `the API server has no ${target}; install the CRDs: lockkeeper crds | kubectl apply -f - (${detail})`;
    return new AppError('cluster/invalid', text, { retry: true });
  }
  if (answer.status === 429 || answer.status >= 500) {
    const seconds = Number(answer.retryAfter);
    return new AppError('cluster/unreachable', `cannot ${request.verb} ${target}: ${detail}`, {
      retry: true,
      ...(seconds > 0 ? { afterMs: seconds * 1000 } : {}),
    });
  }
  return new AppError('cluster/invalid', `cannot ${request.verb} ${target}: ${detail}`, {
    // The object was changed meanwhile: the same request may do on what it is now.
    retry: answer.status === 409,
  });
}

/** The error for a request that got no whole answer. */
export function connectionError(server: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = (cause as { code?: unknown } | null)?.code;
  const reason =
    NETWORK_REASONS.get(String(code)) ??
    quotable(cause instanceof Error ? cause.message : String(cause), [], MAX_DETAIL_CHARS);
  const text = `cannot reach the API server ${server}: ${reason}`;
  return new AppError('cluster/unreachable', text, { retry: true, cause });
}
