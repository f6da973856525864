import { proxyRefusal as refusalOf } from '../../connections/proxy-trouble.ts';
import { AppError } from '../../domain/errors.ts';
import type { Remote } from './remote.ts';

/** The error for a proxy that does not let a request through, by the status of its answer. */
export function proxyRefusal(
  { display, proxy }: Pick<Remote, 'display' | 'proxy'>,
  status: number,
): AppError {
  const { text, wantsLogin, mayPass } = refusalOf(status, proxy?.url);
  if (wantsLogin) return new AppError('git/unauthorized', `${display}: ${text}`);
  return new AppError('git/unreachable', `${display} cannot be reached: ${text}`, {
    retry: mayPass,
  });
}

/** The error for a server that wants to see a client certificate, or another one. */
export function clientRefusal({ display }: Pick<Remote, 'display'>, words: string): AppError {
  return new AppError(
    'git/unauthorized',
    `${display} wants a client certificate that it trusts; give tls.crt and tls.key by certSecretRef (${words})`,
  );
}

/** The error for HTTP 400: Git's clients send no bad requests, but nginx answers so where a certificate is missing. */
export function badRequest({ display }: Pick<Remote, 'display'>, words: string): AppError {
  return new AppError(
    'git/unauthorized',
    `${display} does not take the request; if it wants a client certificate, give tls.crt and tls.key by certSecretRef (${words})`,
  );
}

/** By what a server is reached, to stand after its name. */
export function throughProxy({ proxy }: Pick<Remote, 'proxy'>): string {
  return proxy === undefined ? '' : ` through the proxy ${proxy.url}`;
}
