import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { GitAccess, Secrets } from '../../ports/ports.ts';
import { caOf, requiredSecret } from './required-secret.ts';

/** How an automation reaches its repo. @throws AppError `secret/not-found`, `secret/invalid` */
export async function gitAccess(
  automation: ImageUpdateAutomation,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<GitAccess> {
  const { git } = automation.spec;
  const { namespace, name } = automation.metadata;
  if (git === undefined) {
    throw new AppError(
      'resource/not-supported',
      `ImageUpdateAutomation ${namespace}/${name}: spec.sourceRef needs a cluster, which has the GitRepository; give it spec.git`,
    );
  }
  const { secretRef, certSecretRef } = git;
  const read = (secret: string) => requiredSecret(secrets, namespace, secret, signal);
  const login =
    secretRef === undefined
      ? {}
      : gitLogin(await read(secretRef.name), `${namespace}/${secretRef.name}`);
  if (certSecretRef === undefined) return { ...login, url: git.url, branch: git.branch };
  const ca = caOf(await read(certSecretRef.name), `${namespace}/${certSecretRef.name}`);
  return { ...login, url: git.url, branch: git.branch, ca };
}

/** The forms in which Flux users keep Git logins: basic, bearer or SSH, and a CA beside them. */
function gitLogin(
  secret: Readonly<Record<string, string>>,
  name: string,
): Pick<GitAccess, 'basic' | 'bearerToken' | 'ca' | 'ssh'> {
  const { username, password, bearerToken, identity } = secret as Partial<Record<string, string>>;
  const knownHosts = secret['known_hosts'];
  const ca = secret['ca.crt'] ?? secret['caFile'];
  const trust = ca === undefined ? {} : { ca };
  if (bearerToken !== undefined) return { bearerToken, ...trust };
  if (identity !== undefined) {
    if (knownHosts !== undefined) return { ssh: { identity, knownHosts } };
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has an identity but no known_hosts: the server could be anyone`,
    );
  }
  if (username !== undefined && password !== undefined) {
    return { basic: { username, password }, ...trust };
  }
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither bearerToken, nor username and password, nor identity and known_hosts`,
  );
}
