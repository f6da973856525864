import type { Login } from '../domain/access.ts';

/** What follows `Basic ` in an `Authorization` header (RFC 7617). */
export function encodeBasic({ username, password }: Login): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
