import type { RegistryAccess } from '../../../src/ports/registry.ts';
import type { Answer, Handler, SeenRequest } from './loopback.ts';

export const LOGIN = { username: 'me', password: 'planted-password' };
/** How {@link LOGIN} stands in an `Authorization` header. */
export const BASIC = `Basic ${Buffer.from('me:planted-password').toString('base64')}`;
export const TAGS: Answer = { body: { tags: ['1.0'] } };

/** Access by a Docker configuration with one entry. */
export function dockerConfig(host: string, entry: object): Partial<RegistryAccess> {
  return {
    dockerConfigs: [{ json: JSON.stringify({ auths: { [host]: entry } }), source: 'Secret a/b' }],
  };
}

/** An answer that asks for authorization. */
export function challenge(value: string | readonly string[]): Answer {
  return {
    status: 401,
    headers: { 'www-authenticate': value },
    body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
  };
}

/** Was the token service asked? */
export function isToken({ url }: SeenRequest): boolean {
  return url.startsWith('/token');
}

/** A registry with its token service on the same host, which takes the tokens it gave out last. */
export function bearerRegistry(
  token: (request: SeenRequest, count: number) => Answer,
  ask = (realm: string) => `Bearer realm="${realm}",service="reg",scope="repository:team/app:pull"`,
): Handler {
  let count = 0;
  return (request) => {
    if (isToken(request)) return token(request, ++count);
    if (request.headers.authorization === `Bearer t${count}` && count > 0) return TAGS;
    return challenge(ask(`http://${request.headers.host ?? ''}/token`));
  };
}

/** A token service whose tokens are `t1`, `t2`, … */
export function numberedToken(_request: SeenRequest, count: number): Answer {
  return { body: { token: `t${count}` } };
}
