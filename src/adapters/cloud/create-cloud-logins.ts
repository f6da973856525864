import type { CloudLogin, CloudLogins } from '../../ports/cloud.ts';
import type { CloudProvider, CloudRegistry } from '../../domain/cloud-registry.ts';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/ports.ts';
import type { CloudContext } from './context.ts';
import { createLoginCache, type Expiring } from './login-cache.ts';

/** How long a cloud may take to give a login: the SDKs ask several services in turn. */
const TIMEOUT_MS = 30_000;

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
  const late = new AbortController();
  const context = { env, clock, signal: late.signal };
  let timer: NodeJS.Timeout | undefined;
  // Not every SDK heeds a signal.
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      late.abort();
      reject(new Error('Timeout'));
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([loginOf(registry, context), timeout]);
  } catch (cause) {
    const { provider } = registry;
    throw new AppError(
      'registry/unauthorized',
      `${provider} gives this process no login (${nameOf(cause)}); ${MENDS[provider]}`,
      { cause, retry: true },
    );
  } finally {
    clearTimeout(timer);
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

/** The SDK's name for a failure. Its message could quote what was sent. */
function nameOf(error: unknown): string {
  const { errorCode, code, name, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const own = name === 'Error' ? message : name;
  const names = [errorCode, code, own].filter((text) => typeof text === 'string');
  return names.find((text) => /^[A-Za-z][\w.-]{2,63}$/.test(text)) ?? 'unknown error';
}
