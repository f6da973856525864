import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError } from '../../domain/errors.ts';
import type { ForgeAccess } from '../../ports/forge.ts';
import type { GitAccess, Ports } from '../../ports/ports.ts';
import { githubAppOf, holdsGitHubApp } from './github-app-of.ts';
import { providedForgeLogin } from './provided-forge-login.ts';
import { requiredSecret } from './required-secret.ts';

/** Whose pull requests are to be reached, and how its repo is. */
export interface ForgeRequest {
  readonly automation: ImageUpdateAutomation;
  readonly git: GitAccess;
  /** The repo's login is of another namespace, which lends it for this repo alone. */
  readonly isLent: boolean;
}

type Login = Pick<GitAccess, 'basic' | 'bearerToken' | 'provider'>;

type Way = Pick<ForgeAccess, 'ca' | 'clientCertificate' | 'proxy'>;

/**
 * How an automation reaches the forge of its repo: by its own Secret, else by the repo's login. Undefined: it opens no
 * pull requests.
 * @throws AppError `secret/not-found`, `secret/invalid`, `access/denied`, `resource/invalid`, and those of
 * {@link GitLogins}
 */
export async function forgeAccess(
  request: ForgeRequest,
  { secrets, gitLogins }: Pick<Ports, 'secrets' | 'gitLogins'>,
  signal: AbortSignal,
): Promise<ForgeAccess | undefined> {
  const { automation, git } = request;
  const { pullRequest } = automation.spec;
  if (pullRequest === undefined) return undefined;
  const { provider: kind, secretRef, apiUrl } = pullRequest;
  const { namespace } = automation.metadata;
  const login =
    secretRef === undefined
      ? repoLogin(request)
      : apiLogin(
          await requiredSecret(secrets, namespace, secretRef.name, signal),
          `${namespace}/${secretRef.name}`,
        );
  const { provider } = login;
  return {
    kind,
    repoUrl: git.url,
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(provider === undefined
      ? login
      : await providedForgeLogin({ provider, git, kind, apiUrl }, gitLogins, signal)),
    ...wayOf(request),
  };
}

/** The API is reached as the repo is; but what another namespace lends for the repo is not for an address that the automation names. */
function wayOf({ automation, git, isLent }: ForgeRequest): Way {
  const { ca, clientCertificate, proxy } = git;
  const trust = ca === undefined ? {} : { ca };
  if (isLent && automation.spec.pullRequest?.apiUrl !== undefined) return trust;
  return {
    ...trust,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** A forge's API takes what Git takes over HTTP, but no SSH key. */
function repoLogin({ automation, git, isLent }: ForgeRequest): Login {
  const { basic, bearerToken, provider, ssh } = git;
  if (ssh !== undefined) {
    throw new AppError(
      'secret/invalid',
      'the login of the repo is an SSH key, which the API of a forge does not take; name a Secret with bearerToken, or username and password, in spec.pullRequest.secretRef',
    );
  }
  if (isLent && automation.spec.pullRequest?.apiUrl !== undefined) {
    throw new AppError(
      'access/denied',
      'the login of the repo is another namespace’s and goes to the host of the repo alone; name a Secret of your own in spec.pullRequest.secretRef, or leave out spec.pullRequest.apiUrl',
    );
  }
  if (provider !== undefined) return { provider };
  if (bearerToken !== undefined) return { bearerToken };
  return basic === undefined ? {} : { basic };
}

function apiLogin(secret: Readonly<Record<string, string>>, name: string): Login {
  const { username, password, bearerToken } = secret as Partial<Record<string, string>>;
  if (holdsGitHubApp(secret)) {
    return { provider: { provider: 'github', app: githubAppOf(secret, name) } };
  }
  if (bearerToken !== undefined) return { bearerToken };
  const isKey = secret['identity'] !== undefined || secret['ssh-privatekey'] !== undefined;
  // Beside a key, a password alone is the key's.
  if (password !== undefined && (username !== undefined || !isKey)) {
    return { basic: { username: username ?? '', password } };
  }
  throw new AppError(
    'secret/invalid',
    `Secret ${name} has ${isKey ? 'an SSH key, which the API of a forge does not take' : 'no login'}; give it bearerToken, or username and password`,
  );
}
