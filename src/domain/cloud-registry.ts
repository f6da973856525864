import { AppError } from './errors.ts';
import { parseRepository } from './image-reference.ts';

/** Clouds that give logins for their own registries, as `spec.provider` names them, and some for their repos. */
export const CLOUD_PROVIDERS = ['aws', 'azure', 'gcp'] as const;

export type CloudProvider = (typeof CLOUD_PROVIDERS)[number];

/** A registry of a cloud, by all that decides which login it takes. */
export type CloudRegistry =
  | {
      readonly provider: 'aws';
      readonly service: 'ecr';
      readonly region: string;
      readonly fips: boolean;
    }
  | { readonly provider: 'aws'; readonly service: 'ecr-public' }
  /** `resource`: what a Microsoft Entra token has to be for. */
  | { readonly provider: 'azure'; readonly resource: string }
  | { readonly provider: 'gcp' };

/** The part of a policy's spec that a cloud's login depends on. */
export interface ProviderUse {
  readonly provider: string;
  readonly image: string;
  readonly insecure?: unknown;
  readonly secretRef?: unknown;
  readonly serviceAccountName?: unknown;
  readonly certSecretRef?: unknown;
}

/** Hosts of each cloud's registries, for messages. */
const HOSTS: Readonly<Record<CloudProvider, string>> = {
  aws: 'ACCOUNT.dkr.ecr.REGION.amazonaws.com, public.ecr.aws',
  azure: 'NAME.azurecr.io',
  gcp: 'REGION-docker.pkg.dev, gcr.io',
};

/** `dkr.ecr`, or `dkr-ecr` on dual-stack hosts; the endings are those of AWS's partitions. */
const ECR =
  /^\d{12}\.dkr[.-]ecr(?<fips>-fips)?\.(?<region>[a-z0-9]+(-[a-z0-9]+)+)\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov)$/;

/** Resource Manager of each Azure cloud: what its registries take tokens for. */
const AZURE: ReadonlyMap<string, string> = new Map([
  ['azurecr.io', 'https://management.azure.com'],
  ['azurecr.cn', 'https://management.chinacloudapi.cn'],
  ['azurecr.us', 'https://management.usgovcloudapi.net'],
]);

/**
 * The cloud registry that a policy may ask a login for; undefined under `provider: generic`. A login goes to
 * the cloud's own hosts alone, and in a way that nobody can listen in on: otherwise whoever may write a policy
 * could have this process's identity sent to himself.
 * @throws AppError `resource/invalid`, `image/invalid`
 */
export function cloudRegistryOf(use: ProviderUse): CloudRegistry | undefined {
  const { provider, image } = use;
  if (!isCloud(provider)) return undefined;
  if (use.secretRef !== undefined || use.serviceAccountName !== undefined) {
    throw invalid(`${provider} gives the login: leave out secretRef and serviceAccountName`);
  }
  if (use.insecure === true) {
    throw invalid(`the login of ${provider} is not sent by plain HTTP: leave out insecure`);
  }
  if (use.certSecretRef !== undefined) {
    throw invalid(
      `the login of ${provider} is sent only where the system's certificates vouch for the host: leave out certSecretRef`,
    );
  }
  const host = parseRepository(image).registry;
  const registry = registryAt(provider, host);
  if (registry !== undefined) return registry;
  throw invalid(`${provider} gives logins for ${HOSTS[provider]} alone, not for ${host}`);
}

function isCloud(provider: string): provider is CloudProvider {
  return (CLOUD_PROVIDERS as readonly string[]).includes(provider);
}

function registryAt(provider: CloudProvider, host: string): CloudRegistry | undefined {
  switch (provider) {
    case 'aws': {
      if (host === 'public.ecr.aws') return { provider, service: 'ecr-public' };
      const { region, fips } = ECR.exec(host)?.groups ?? {};
      if (region === undefined) return undefined;
      return { provider, service: 'ecr', region, fips: fips !== undefined };
    }
    case 'azure': {
      const [, domain = ''] = /^[a-z0-9][a-z0-9-]*\.(azurecr\.[a-z]+)$/.exec(host) ?? [];
      const resource = AZURE.get(domain);
      return resource === undefined ? undefined : { provider, resource };
    }
    case 'gcp':
      return /^([a-z]+\.)?gcr\.io$|^[a-z0-9-]+-docker\.pkg\.dev$/.test(host)
        ? { provider }
        : undefined;
  }
}

function invalid(message: string): AppError {
  return new AppError('resource/invalid', `spec.provider: ${message}`);
}
