import { createHash, createHmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { CloudRepo } from '../../domain/git-provider.ts';
import type { GitLogin } from '../../ports/git-login.ts';
import type { CloudContext } from './context.ts';
import type { Expiring } from './login-cache.ts';

type CodeCommitRepo = Extract<CloudRepo, { provider: 'aws' }>;

/** What AWS signs with. */
interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A signature is good for so long after its time, in ms. */
const SIGNATURE_LIFE_MS = 15 * 60 * 1000;

/** A login for CodeCommit, by the SDK's default chain: variables, web identity (IRSA), Pod Identity, instance profile. */
export async function codeCommitLogin(
  repo: CodeCommitRepo,
  { clock }: CloudContext,
): Promise<Expiring<GitLogin>> {
  const keys = await defaultProvider({ clientConfig: { region: repo.region } })();
  const now = clock.now();
  const endsAt = now.getTime() + SIGNATURE_LIFE_MS;
  return {
    value: signedLogin(repo, keys, now),
    endsAt: Math.min(endsAt, keys.expiration?.getTime() ?? endsAt),
  };
}

/**
 * The user name and password that AWS's own `git-remote-codecommit` shows: Signature Version 4 of an imaginary request
 * `GIT` for the repo, with its time. The SDK's signer knows no such request, and writes its times otherwise.
 */
export function signedLogin(repo: CodeCommitRepo, keys: SigningKeys, now: Date): GitLogin {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const time = now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
  const scope = [time.slice(0, 8), repo.region, 'codecommit', 'aws4_request'];
  const request = `GIT\n${repo.path}\n\nhost:${repo.host}\n\nhost\n`;
  const hash = createHash('sha256').update(request).digest('hex');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash].join('\n');
  const key = scope.reduce<string | Buffer>(
    (step, part) => hmac(step, part),
    `AWS4${secretAccessKey}`,
  );
  const username = sessionToken ? `${accessKeyId}%${sessionToken}` : accessKeyId;
  return { basic: { username, password: `${time}Z${hmac(key, text).toString('hex')}` } };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
