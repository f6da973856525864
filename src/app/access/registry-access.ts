import type { ImagePolicy } from '../../api/image-policy.ts';
import type { CloudLogin, CloudLogins } from '../../ports/cloud.ts';
import type { DockerConfig } from '../../domain/access.ts';
import { cloudRegistryOf } from '../../domain/cloud-registry.ts';
import { AppError } from '../../domain/errors.ts';
import { parseDuration } from '../../domain/schedule.ts';
import type { Secrets } from '../../ports/ports.ts';
import type { RegistryAccess } from '../../ports/registry.ts';
import { certificatesOf } from './certificates-of.ts';
import { proxyOf } from './proxy-of.ts';
import { requiredSecret } from './required-secret.ts';

type Secret = Readonly<Record<string, string>>;

/** Where logins come from. */
export interface AccessPorts {
  readonly secrets: Secrets;
  readonly clouds: CloudLogins;
}

/**
 * How a policy reaches its registry.
 * @throws AppError `secret/not-found`, `secret/invalid`, and those of {@link CloudLogins}
 */
export async function registryAccess(
  policy: ImagePolicy,
  { secrets, clouds }: AccessPorts,
  signal: AbortSignal,
): Promise<RegistryAccess> {
  const { namespace } = policy.metadata;
  const { secretRef, serviceAccountName, certSecretRef, proxySecretRef } = policy.spec;
  /** What `read` makes of a Secret, where one is named. */
  async function from<T>(
    ref: { readonly name: string } | undefined,
    read: (secret: Secret, name: string) => T,
  ): Promise<T | undefined> {
    if (ref === undefined) return undefined;
    const secret = await requiredSecret(secrets, namespace, ref.name, signal);
    return read(secret, `${namespace}/${ref.name}`);
  }
  const login = await from(secretRef, registryLogin);
  const pullConfigs =
    serviceAccountName === undefined
      ? undefined
      : await pullSecretConfigs(secrets, { namespace, name: serviceAccountName }, signal);
  const dockerConfigs = pullConfigs && [...(login?.dockerConfigs ?? []), ...pullConfigs];
  const certificates = await from(certSecretRef, certificatesOf);
  const proxy = await from(proxySecretRef, proxyOf);
  const cloud = cloudRegistryOf(policy.spec);
  return {
    ...login,
    ...(cloud === undefined ? {} : cloudAccess(await clouds.login(cloud, signal))),
    ...(dockerConfigs === undefined ? {} : { dockerConfigs }),
    ...certificates,
    ...(proxy === undefined ? {} : { proxy }),
    insecure: policy.spec.insecure,
    timeoutMs: parseDuration(policy.spec.timeout),
  };
}

function cloudAccess(login: CloudLogin): Pick<RegistryAccess, 'basic' | 'entraToken'> {
  if (login.kind === 'entra') return { entraToken: login.token };
  return { basic: { username: login.username, password: login.password } };
}

/** Policies with the same key reach a registry in the same way. */
export function accessKey(policy: ImagePolicy): string {
  const { secretRef, serviceAccountName, certSecretRef, proxySecretRef } = policy.spec;
  const { provider, insecure } = policy.spec;
  const refs = [secretRef, certSecretRef, proxySecretRef].map((ref) => ref?.name);
  const names = [...refs, serviceAccountName];
  const namespace = names.some((name) => name !== undefined) ? policy.metadata.namespace : '';
  return JSON.stringify([namespace, ...names, provider, insecure]);
}

function registryLogin(
  secret: Secret,
  name: string,
): Pick<RegistryAccess, 'dockerConfigs' | 'basic'> {
  const config = dockerConfig(secret, name);
  if (config !== undefined) return { dockerConfigs: [config] };
  const { username, password } = secret as Partial<Record<string, string>>;
  if (username !== undefined && password !== undefined) return { basic: { username, password } };
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither .dockerconfigjson nor username and password`,
  );
}

async function pullSecretConfigs(
  secrets: Secrets,
  account: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<readonly DockerConfig[]> {
  const { namespace } = account;
  const names = await secrets.pullSecrets(namespace, account.name, signal);
  const owner = `ServiceAccount ${namespace}/${account.name}`;
  if (names === undefined) throw new AppError('secret/not-found', `there is no ${owner}`);
  const configs = names.map(async (name) => {
    const secret = await requiredSecret(secrets, namespace, name, signal);
    const config = dockerConfig(secret, `${namespace}/${name}`);
    if (config !== undefined) return config;
    const fault = `Secret ${namespace}/${name}, a pull Secret of ${owner}, has no .dockerconfigjson`;
    throw new AppError('secret/invalid', fault);
  });
  return Promise.all(configs);
}

/** `.dockercfg` is the older form, in which OpenShift still makes them: `auths` without the rest. */
function dockerConfig(secret: Secret, name: string): DockerConfig | undefined {
  const auths = secret['.dockercfg'];
  const json = secret['.dockerconfigjson'] ?? (auths && `{"auths":${auths}}`);
  return json === undefined ? undefined : { json, source: `Secret ${name}` };
}
