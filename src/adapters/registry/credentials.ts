import { createHash } from 'node:crypto';
import { encodeBasic } from '../../connections/encode-basic.ts';

/** Who asks. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An OAuth 2 refresh token, to be exchanged for an access token; `docker login` calls it identity token. */
  | { readonly kind: 'identity'; readonly username: string; readonly token: string }
  /** A Bearer token that the registry takes as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

/** User name that stands for "the password is an identity token" among Docker's credentials. */
export const IDENTITY_USERNAME = '<token>';

/** All texts by which the credentials could be recognised in a message. */
export function secretTexts(credentials: Credentials): readonly string[] {
  switch (credentials.kind) {
    case 'anonymous':
      return [];
    case 'basic':
      return [credentials.password, encodeBasic(credentials)];
    default:
      return [
        credentials.token,
        encodeBasic({ username: IDENTITY_USERNAME, password: credentials.token }),
      ];
  }
}

/** How a server may repeat what it was sent: as it is, or as forms, URLs and JSON hold it. */
export function formsOf(secret: string): readonly string[] {
  const inForm = new URLSearchParams({ secret }).toString().slice('secret='.length);
  return [secret, inForm, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}

/** A key that differs for different credentials and tells nothing about them. */
export function identityKey(credentials: Credentials): string {
  return createHash('sha256').update(JSON.stringify(credentials)).digest('base64');
}
