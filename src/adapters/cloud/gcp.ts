import { GoogleAuth } from 'google-auth-library';
import type { CloudLogin } from '../../ports/cloud.ts';
import type { CloudContext } from './context.ts';
import type { Expiring } from './login-cache.ts';

/** What Artifact Registry asks of a token; IAM decides what it may read. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** The user name that says "the password is an OAuth access token". */
const USERNAME = 'oauth2accesstoken';

/** Where the library does not say how long a token lives, in ms. */
const UNKNOWN_LIFE_MS = 5 * 60 * 1000;

/** A login for Artifact Registry and GCR, by Application Default Credentials: a file, or the metadata server. */
export async function gcpLogin({ clock }: CloudContext): Promise<Expiring<CloudLogin>> {
  const client = await new GoogleAuth({ scopes: SCOPE }).getClient();
  const { token } = await client.getAccessToken();
  if (!token) throw new Error('NoAccessToken');
  const endsAt = client.credentials.expiry_date ?? clock.now().getTime() + UNKNOWN_LIFE_MS;
  return { value: { kind: 'basic', username: USERNAME, password: token }, endsAt };
}
