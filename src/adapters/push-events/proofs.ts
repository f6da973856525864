import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { PushHeaders } from '../../ports/push.ts';

/** Does a request show that its sender knows the token? */
export type Proof = (
  token: string,
  request: { readonly headers: PushHeaders; readonly body: Uint8Array },
) => boolean;

/** Where a sender has nothing to show but the path, which it was told. */
export const pathAlone: Proof = () => true;

/** A header that holds the HMAC of the body in hex, with or without the algorithm in front. */
export function signature(header: string, algorithm: 'sha256' | 'sha1' = 'sha256'): Proof {
  return (token, { headers, body }) => {
    const given = headers[header];
    if (given === undefined) return false;
    const wanted = createHmac(algorithm, token).update(body).digest('hex');
    return isSame(given.replace(new RegExp(`^${algorithm}=`), '').toLowerCase(), wanted);
  };
}

/** A header that holds the token itself. */
export function header(name: string): Proof {
  return (token, { headers }) => isSame(headers[name] ?? '', token);
}

/** `Authorization`: the token alone, as a bearer token, or as the password of any user. */
export const authorization: Proof = (token, { headers }) => {
  const given = headers['authorization'] ?? '';
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(given) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return isSame(credentials, token);
    case 'basic': {
      const login = Buffer.from(credentials, 'base64').toString();
      return isSame(login.slice(login.indexOf(':') + 1), token);
    }
    default:
      return isSame(given, token);
  }
};

/** Any of several ways. All are tried, so that the time says nothing of which failed. */
export function anyOf(...proofs: readonly Proof[]): Proof {
  return (token, request) => proofs.map((proof) => proof(token, request)).includes(true);
}

/** Equal texts, compared in a time that says nothing of where they differ, nor of their lengths. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [given, wanted].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
