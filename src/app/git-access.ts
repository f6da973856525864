import type { ImageUpdateAutomation } from '../api/image-update-automation.ts';
import { AppError } from '../domain/errors.ts';
import type { GitAccess, Secrets } from '../ports.ts';
import { requiredSecret } from './required-secret.ts';

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
      `ImageUpdateAutomation ${namespace}/${name}: spec.git is needed`,
    );
  }
  const login =
    git.secretRef === undefined
      ? {}
      : gitLogin(
          await requiredSecret(secrets, namespace, git.secretRef.name, signal),
          git.secretRef.name,
        );
  const certificates =
    git.certSecretRef === undefined
      ? {}
      : await requiredSecret(secrets, namespace, git.certSecretRef.name, signal);
  const ca = certificates['ca.crt'] ?? login.ca;
  return { ...login, url: git.url, branch: git.branch, ...(ca === undefined ? {} : { ca }) };
}

/** The forms in which Flux users keep Git logins: basic, bearer, and a CA beside them. */
function gitLogin(
  secret: Readonly<Record<string, string>>,
  name: string,
): Pick<GitAccess, 'basic' | 'bearerToken' | 'ca'> {
  const { username, password, bearerToken } = secret as Partial<Record<string, string>>;
  const ca = secret['ca.crt'] ?? secret['caFile'];
  const trust = ca === undefined ? {} : { ca };
  if (bearerToken !== undefined) return { bearerToken, ...trust };
  if (username !== undefined && password !== undefined) {
    return { basic: { username, password }, ...trust };
  }
  if (secret['identity'] !== undefined) {
    throw new AppError(
      'resource/not-supported',
      `Secret ${name} holds an SSH identity: not supported yet; use the SSH agent or ~/.ssh of the user that runs Lockkeeper`,
    );
  }
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither bearerToken nor username and password`,
  );
}
