import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import { checkGitHubHost, checkGitHubUse, cloudRepoOf } from '../../domain/git-provider.ts';
import { isSshUrl } from '../../domain/resources/git-names.ts';
import type { GitSpec } from '../../domain/resources/git-source.ts';
import type { GitAccess, Secrets } from '../../ports/ports.ts';
import { certificatesIn, certificatesOf } from './certificates-of.ts';
import { githubAppOf, holdsGitHubApp } from './github-app-of.ts';
import { proxyOf } from './proxy-of.ts';
import { requiredSecret } from './required-secret.ts';

type Secret = Readonly<Record<string, string>>;

/** What the Secret of a login may give. */
type Login = Pick<
  GitAccess,
  'basic' | 'bearerToken' | 'provider' | 'ca' | 'clientCertificate' | 'ssh'
>;

/**
 * How an automation reaches its repo.
 * @throws AppError `secret/not-found`, `secret/invalid`, `resource/invalid` where `git.provider` does not go with the rest
 */
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
    read: (secret: Secret, name: string) => T,
  ): Promise<T | undefined> {
    if (ref === undefined) return undefined;
    const secret = await requiredSecret(secrets, namespace, ref.name, signal);
    return read(secret, `${namespace}/${ref.name}`);
  }
  const provider = cloudRepoOf(git);
  if (git.provider === 'github') checkGitHubUse(git);
  const login = await from(secretRef, loginReader(git));
  const certificates = await from(certSecretRef, certificatesOf);
  const proxy = await from(proxySecretRef, proxyOf);
  return {
    url,
    branch,
    ...login,
    ...certificates,
    ...(proxy === undefined ? {} : { proxy }),
    ...(provider === undefined ? {} : { provider }),
  };
}

/** What reads the Secret of the login. */
function loginReader({ provider, url }: GitSpec): (secret: Secret, name: string) => Login {
  return (secret, name) => {
    if (provider === 'github') return gitHubLogin(url, secret, name);
    if (holdsGitHubApp(secret)) {
      throw new AppError(
        'secret/invalid',
        `Secret ${name} has a GitHub App, which counts under git.provider github alone; set that, or name another Secret`,
      );
    }
    return isSshUrl(url) ? sshLogin(secret, name) : webLogin(secret, name);
  };
}

function gitHubLogin(url: string, secret: Secret, name: string): Login {
  const app = githubAppOf(secret, name);
  checkGitHubHost(url, app);
  return { provider: { provider: 'github', app }, ...certificatesIn(secret, name) };
}

/** The forms in which Flux users keep logins for HTTPS: basic or bearer, a client certificate, and a CA beside them. */
function webLogin(secret: Secret, name: string): Login {
  const { username, password, bearerToken } = secret as Partial<Secret>;
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
function sshLogin(secret: Secret, name: string): Login {
  const { known_hosts: knownHosts, password: passphrase } = secret as Partial<Secret>;
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
