import type { CloudLogin, CloudLogins } from '../../ports/cloud.ts';
import type { CloudProvider, CloudRegistry } from '../../domain/cloud-registry.ts';
import type { Clock } from '../../ports/ports.ts';
import { cloudRefusal } from './cloud-refusal.ts';
import type { CloudContext } from './context.ts';
import { inTime } from './in-time.ts';
import { createLoginCache, type Expiring } from './login-cache.ts';

/** What cloud logins need from outside. The SDKs read the process's own environment besides. */
export interface CloudOptions {
  readonly env: CloudContext['env'];
  readonly clock: Clock;
}

/** What to look at when a cloud gives no login. */
const MENDS: Readonly<Record<CloudProvider, string>> = {
  aws: 'check the role of its ServiceAccount (IRSA or Pod Identity), and that it may call GetAuthorizationToken',
  azure:
    'check AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE, or its managed identity',
  gcp: 'check Workload Identity, or GOOGLE_APPLICATION_CREDENTIALS',
};

/** Logins by the clouds' own SDKs, each loaded when it is first used, and kept until shortly before they end. */
export function createCloudLogins({ env, clock }: CloudOptions): CloudLogins {
  const cache = createLoginCache<CloudLogin>(clock);
  return {
    login: (registry, signal) =>
      cache.get(JSON.stringify(registry), () => ask(registry, { env, clock }), signal),
  };
}

/** Loads the SDK of a cloud before it is used. */
export async function loadCloud(provider: CloudProvider): Promise<void> {
  await { aws: loadAws, azure: loadAzure, gcp: loadGcp }[provider]();
}

const loadAws = () => import('./aws.ts');
const loadAzure = () => import('./azure.ts');
const loadGcp = () => import('./gcp.ts');

async function ask(
  registry: CloudRegistry,
  { env, clock }: CloudOptions,
): Promise<Expiring<CloudLogin>> {
  try {
    return await inTime((signal) => loginOf(registry, { env, clock, signal }));
  } catch (cause) {
    const { provider } = registry;
    throw cloudRefusal({ code: 'registry/unauthorized', provider }, MENDS[provider], cause);
  }
}

async function loginOf(
  registry: CloudRegistry,
  context: CloudContext,
): Promise<Expiring<CloudLogin>> {
  switch (registry.provider) {
    case 'aws':
      return (await loadAws()).awsLogin(registry, context);
    case 'azure':
      return (await loadAzure()).azureLogin(registry, context);
    case 'gcp':
      return (await loadGcp()).gcpLogin(context);
  }
}
