import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import { isSshUrl } from '../../domain/resources/git-names.ts';
import type { GitAccess, Secrets } from '../../ports/ports.ts';
import { certificatesIn, certificatesOf } from './certificates-of.ts';
import { proxyOf } from './proxy-of.ts';
import { requiredSecret } from './required-secret.ts';

type Secret = Readonly<Partial<Record<string, string>>>;

/** What the Secret of a login may give. */
type Login = Pick<GitAccess, 'basic' | 'bearerToken' | 'ca' | 'clientCertificate' | 'ssh'>;

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
  const { url, branch, secretRef, certSecretRef, proxySecretRef } = git;
  /** What `read` makes of a Secret, where one is named. */
  async function from<T>(
    ref: { readonly name: string } | undefined,
    read: (secret: Readonly<Record<string, string>>, name: string) => T,
  ): Promise<T | undefined> {
    if (ref === undefined) return undefined;
    const secret = await requiredSecret(secrets, namespace, ref.name, signal);
    return read(secret, `${namespace}/${ref.name}`);
  }
  const login = await from(secretRef, isSshUrl(url) ? sshLogin : webLogin);
  const certificates = await from(certSecretRef, certificatesOf);
  const proxy = await from(proxySecretRef, proxyOf);
  return { url, branch, ...login, ...certificates, ...(proxy === undefined ? {} : { proxy }) };
}

/** The forms in which Flux users keep logins for HTTPS: basic or bearer, a client certificate, and a CA beside them. */
function webLogin(secret: Readonly<Record<string, string>>, name: string): Login {
  const { username, password, bearerToken } = secret as Secret;
  const certificates = certificatesIn(secret, name);
  if (bearerToken !== undefined) return { bearerToken, ...certificates };
  if (username !== undefined && password !== undefined) {
    return { basic: { username, password }, ...certificates };
  }
  const isLoginHalf = username !== undefined || password !== undefined;
  if (certificates !== undefined && !isLoginHalf) return certificates;
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has neither bearerToken, nor username and password, nor tls.crt and tls.key; for a public repo ca.crt alone will do`,
  );
}

/** SSH keys as Flux has them, or as Secrets of type `kubernetes.io/ssh-auth` do. */
function sshLogin(secret: Readonly<Record<string, string>>, name: string): Login {
  const { known_hosts: knownHosts, password: passphrase } = secret as Secret;
  const identity = secret['identity'] ?? secret['ssh-privatekey'];
  if (identity === undefined) {
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has no identity: over SSH a private key logs in, or ssh-privatekey of a kubernetes.io/ssh-auth Secret`,
    );
  }
  if (knownHosts === undefined) {
    throw new AppError(
      'secret/invalid',
      `Secret ${name} has an identity but no known_hosts: the server could be anyone`,
    );
  }
  return { ssh: { identity, knownHosts, ...(passphrase === undefined ? {} : { passphrase }) } };
}
