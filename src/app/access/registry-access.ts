import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import { parseDuration } from '../../domain/schedule.ts';
import type { RegistryAccess, Secrets } from '../../ports.ts';
import { caOf, requiredSecret } from './required-secret.ts';

/** How a policy reaches its registry. @throws AppError `secret/not-found`, `secret/invalid` */
export async function registryAccess(
  policy: ImagePolicy,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<RegistryAccess> {
  const { namespace } = policy.metadata;
  const { secretRef, certSecretRef, insecure, timeout } = policy.spec;
  const read = (secret: string) => requiredSecret(secrets, namespace, secret, signal);
  const login =
    secretRef === undefined
      ? {}
      : registryLogin(await read(secretRef.name), `${namespace}/${secretRef.name}`);
  const trust =
    certSecretRef === undefined
      ? {}
      : { ca: caOf(await read(certSecretRef.name), `${namespace}/${certSecretRef.name}`) };
  return { ...login, ...trust, insecure, timeoutMs: parseDuration(timeout) };
}

/** Policies with the same key reach a registry in the same way. */
export function accessKey(policy: ImagePolicy): string {
  const { secretRef, certSecretRef, insecure } = policy.spec;
  const names = [secretRef?.name, certSecretRef?.name];
  const namespace = names.some((name) => name !== undefined) ? policy.metadata.namespace : '';
  return JSON.stringify([namespace, ...names, insecure]);
}

function registryLogin(
  secret: Readonly<Record<string, string>>,
  name: string,
): Pick<RegistryAccess, 'dockerConfigJson' | 'basic'> {
  const dockerConfigJson = secret['.dockerconfigjson'];
  if (dockerConfigJson !== undefined) return { dockerConfigJson };
  const { username, password } = secret as Partial<Record<string, string>>;
  if (username !== undefined && password !== undefined) return { basic: { username, password } };
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither .dockerconfigjson nor username and password`,
  );
}
