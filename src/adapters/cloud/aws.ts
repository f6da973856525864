import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import {
  ECRPUBLICClient,
  GetAuthorizationTokenCommand as GetPublicTokenCommand,
} from '@aws-sdk/client-ecr-public';
import type { CloudRegistry } from '../../domain/cloud-registry.ts';
import type { CloudLogin } from '../../ports/cloud.ts';
import type { CloudContext } from './context.ts';
import type { Expiring } from './login-cache.ts';

type AwsRegistry = Extract<CloudRegistry, { provider: 'aws' }>;

/** Where the public registry gives logins. */
const PUBLIC_REGION = 'us-east-1';

interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

/** A login for ECR, by the SDK's default chain: variables, web identity (IRSA), Pod Identity, instance profile. */
export async function awsLogin(
  registry: AwsRegistry,
  { signal, clock }: CloudContext,
): Promise<Expiring<CloudLogin>> {
  const data = await (registry.service === 'ecr'
    ? privateToken(registry, signal)
    : publicToken(signal));
  const [username = '', ...password] = Buffer.from(data?.authorizationToken ?? '', 'base64')
    .toString('utf8')
    .split(':');
  if (password.length === 0) throw new Error('NoAuthorizationToken');
  const endsAt = data?.expiresAt?.getTime() ?? clock.now().getTime();
  return { value: { kind: 'basic', username, password: password.join(':') }, endsAt };
}

async function privateToken(
  { region, fips }: Extract<AwsRegistry, { service: 'ecr' }>,
  abortSignal: AbortSignal,
): Promise<AuthorizationData | undefined> {
  const client = new ECRClient({ region, useFipsEndpoint: fips });
  try {
    const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal });
    return answer.authorizationData?.[0];
  } finally {
    client.destroy();
  }
}

async function publicToken(abortSignal: AbortSignal): Promise<AuthorizationData | undefined> {
  const client = new ECRPUBLICClient({ region: PUBLIC_REGION });
  try {
    const answer = await client.send(new GetPublicTokenCommand({}), { abortSignal });
    return answer.authorizationData;
  } finally {
    client.destroy();
  }
}
