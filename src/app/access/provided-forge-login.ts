import { AppError } from '../../domain/errors.ts';
import type { GitHubApp, GitProvider } from '../../domain/git-provider.ts';
import type { ForgeAccess } from '../../ports/forge.ts';
import type { GitLogins } from '../../ports/git-login.ts';
import type { GitAccess } from '../../ports/ports.ts';

/** A forge to which a provider's login is to be shown. */
export interface ProvidedForge {
  readonly provider: GitProvider;
  /** How the repo is reached: the API is reached in the same way. */
  readonly git: GitAccess;
  readonly kind: ForgeAccess['kind'];
  /** Base of the API, where the automation names one. */
  readonly apiUrl: string | undefined;
}

type Login = Pick<ForgeAccess, 'basic' | 'bearerToken' | 'apiUrl'>;

/**
 * The login for a forge's API that a provider gives for a while. It goes to the provider's own API and to no address
 * that an automation names.
 * @throws AppError `resource/invalid` for another forge or address, and those of {@link GitLogins}
 */
export async function providedForgeLogin(
  { provider, git, kind, apiUrl }: ProvidedForge,
  gitLogins: GitLogins,
  signal: AbortSignal,
): Promise<Login> {
  const own =
    provider.provider === 'github' ? gitHubApi(provider.app, kind) : cloudApi(provider, kind);
  if (apiUrl !== undefined && apiUrl.replace(/\/+$/, '') !== own.apiUrl) {
    throw invalid(
      'apiUrl',
      `a login of ${provider.provider} goes to its own API alone: leave this out`,
    );
  }
  const { ca, clientCertificate, proxy } = git;
  const request = { provider, ca, clientCertificate, proxy };
  return { ...(await gitLogins.login(request, signal)), ...own };
}

function gitHubApi(
  { apiUrl, source }: GitHubApp,
  kind: ForgeAccess['kind'],
): Pick<Login, 'apiUrl'> {
  if (kind === 'github') return { apiUrl };
  throw invalid('provider', `the GitHub App of ${source} is for github alone, not for ${kind}`);
}

/** Of a cloud, a repo's host is that of the API too. */
function cloudApi(
  { provider }: Exclude<GitProvider, { provider: 'github' }>,
  kind: ForgeAccess['kind'],
): Pick<Login, 'apiUrl'> {
  if (provider === 'azure' && kind === 'azuredevops') return {};
  throw invalid(
    'provider',
    `git.provider ${provider} gives no login for ${kind}; name a Secret in spec.pullRequest.secretRef`,
  );
}

function invalid(field: string, message: string): AppError {
  return new AppError('resource/invalid', `spec.pullRequest.${field}: ${message}`);
}
