import { readFile } from 'node:fs/promises';
import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  ManagedIdentityApplication,
} from '@azure/msal-node';
import type { CloudRegistry } from '../../domain/cloud-registry.ts';
import type { CloudRepo } from '../../domain/git-provider.ts';
import type { CloudLogin } from '../../ports/cloud.ts';
import type { GitLogin } from '../../ports/git-login.ts';
import type { CloudContext } from './context.ts';
import type { Expiring } from './login-cache.ts';

const AUTHORITY = 'https://login.microsoftonline.com';

/** A login for ACR. */
export async function azureLogin(
  { resource }: Extract<CloudRegistry, { provider: 'azure' }>,
  context: CloudContext,
): Promise<Expiring<CloudLogin>> {
  const { value: token, endsAt } = await entraToken(resource, context);
  return { value: { kind: 'entra', token }, endsAt };
}

/** A login for the repos and the API of Azure DevOps. */
export async function azureDevOpsLogin(
  { resource }: Extract<CloudRepo, { provider: 'azure' }>,
  context: CloudContext,
): Promise<Expiring<GitLogin>> {
  const { value: bearerToken, endsAt } = await entraToken(resource, context);
  return { value: { bearerToken }, endsAt };
}

/**
 * A Microsoft Entra token for a resource, by the variables that Workload Identity and Azure's other tools set: a
 * federated token (`AZURE_FEDERATED_TOKEN_FILE`), a client secret, or else a managed identity.
 */
async function entraToken(
  resource: string,
  { env, clock }: CloudContext,
): Promise<Expiring<string>> {
  const result = await (application(env)?.acquireTokenByClientCredential({
    scopes: [`${resource}/.default`],
  }) ?? managedIdentityToken(resource, env));
  if (!result?.accessToken) throw new Error('NoAccessToken');
  return {
    value: result.accessToken,
    endsAt: result.expiresOn?.getTime() ?? clock.now().getTime(),
  };
}

/** Undefined where the variables name no application. */
function application(env: CloudContext['env']): ConfidentialClientApplication | undefined {
  const {
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_AUTHORITY_HOST: named,
  } = env;
  if (!clientId || !tenant) return undefined;
  const host = (named || AUTHORITY).replace(/\/+$/, '');
  const auth = {
    clientId,
    authority: `${host}/${tenant}`,
    // An authority that the operator names is not looked up at the public one first.
    ...(named ? { knownAuthorities: [new URL(host).host] } : {}),
  };
  if (tokenFile) {
    // Read at each use: Kubernetes renews it.
    const clientAssertion = async () => (await readFile(tokenFile, 'utf8')).trim();
    return new ConfidentialClientApplication({ auth: { ...auth, clientAssertion } });
  }
  if (!clientSecret) return undefined;
  return new ConfidentialClientApplication({ auth: { ...auth, clientSecret } });
}

function managedIdentityToken(
  resource: string,
  { AZURE_CLIENT_ID: clientId }: CloudContext['env'],
): Promise<AuthenticationResult> {
  const identity = clientId ? { managedIdentityIdParams: { userAssignedClientId: clientId } } : {};
  return new ManagedIdentityApplication(identity).acquireToken({ resource });
}
