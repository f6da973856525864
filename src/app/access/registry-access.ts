import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import { parseDuration } from '../../domain/schedule.ts';
import type { RegistryAccess, Secrets } from '../../ports.ts';
import { certificatesOf } from './certificates-of.ts';
import { proxyOf } from './proxy-of.ts';
import { requiredSecret } from './required-secret.ts';

type Secret = Readonly<Record<string, string>>;

/** How a policy reaches its registry. @throws AppError `secret/not-found`, `secret/invalid` */
export async function registryAccess(
  policy: ImagePolicy,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<RegistryAccess> {
  const { namespace } = policy.metadata;
  const { secretRef, certSecretRef, proxySecretRef, insecure, timeout } = policy.spec;
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
  const certificates = await from(certSecretRef, certificatesOf);
  const proxy = await from(proxySecretRef, proxyOf);
  return {
    ...login,
    ...certificates,
    ...(proxy === undefined ? {} : { proxy }),
    insecure,
    timeoutMs: parseDuration(timeout),
  };
}

/** Policies with the same key reach a registry in the same way. */
export function accessKey(policy: ImagePolicy): string {
  const { secretRef, certSecretRef, proxySecretRef, insecure } = policy.spec;
  const names = [secretRef, certSecretRef, proxySecretRef].map((ref) => ref?.name);
  const namespace = names.some((name) => name !== undefined) ? policy.metadata.namespace : '';
  return JSON.stringify([namespace, ...names, insecure]);
}

function registryLogin(
  secret: Secret,
  name: string,
): Pick<RegistryAccess, 'dockerConfigs' | 'basic'> {
  const json = secret['.dockerconfigjson'];
  if (json !== undefined) return { dockerConfigs: [{ json, source: `Secret ${name}` }] };
  const { username, password } = secret as Partial<Record<string, string>>;
  if (username !== undefined && password !== undefined) return { basic: { username, password } };
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither .dockerconfigjson nor username and password`,
  );
}
