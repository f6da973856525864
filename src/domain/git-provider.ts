import { AppError } from './errors.ts';

/** A GitHub App as it is installed for an organisation or a person. */
export interface GitHubApp {
  /** Its number or its client id. */
  readonly id: string;
  readonly installation: { readonly id: string } | { readonly owner: string };
  /** RSA, PEM: PKCS#1 as GitHub gives it, or PKCS#8. */
  readonly privateKey: string;
  /** Base of the API, without a slash at its end. */
  readonly apiUrl: string;
  /** Where it is from, for messages: `Secret apps/github-app`. */
  readonly source: string;
}

/** A repo of a cloud, by all that decides which login it takes. */
export type CloudRepo =
  /** `path`: of the repo at its host. A login is signed for it. */
  | {
      readonly provider: 'aws';
      readonly region: string;
      readonly host: string;
      readonly path: string;
    }
  /** `resource`: what a Microsoft Entra token has to be for. */
  | { readonly provider: 'azure'; readonly resource: string };

/** Whom logins for a while are asked from, and for what. */
export type GitProvider = { readonly provider: 'github'; readonly app: GitHubApp } | CloudRepo;

/** The part of `spec.git` that a login depends on. */
export interface GitProviderUse {
  readonly provider: string;
  readonly url: string;
  readonly secretRef?: unknown;
  readonly certSecretRef?: unknown;
}

/** Whose a login of a provider is, for messages. */
export function describeProvider(given: GitProvider): string {
  if (given.provider !== 'github') return `this process's identity at ${given.provider}`;
  return `GitHub App ${given.app.id} of ${given.app.source}`;
}

/** Base of the API of github.com. */
export const GITHUB_API = 'https://api.github.com';

/** The application that Azure DevOps is in Microsoft Entra, in every tenant (learn.microsoft.com, "Authenticate with Microsoft Entra"). */
const AZURE_DEVOPS = '499b84ac-1321-427f-aa17-267ca6975798';

/** The endings are those of AWS's partitions. */
const CODECOMMIT =
  /^git-codecommit(?:-fips)?\.(?<region>[a-z0-9]+(?:-[a-z0-9]+)+)\.amazonaws\.com(?:\.cn)?$/;

/**
 * Checks what is said of a repo under `provider: github`. A token that can write goes nowhere but to a host whose
 * certificate was checked.
 * @throws AppError `resource/invalid`
 */
export function checkGitHubUse({ url, secretRef }: GitProviderUse): void {
  if (secretRef === undefined) {
    throw invalid('github takes a GitHub App from a Secret: name it in secretRef');
  }
  if (webAddress(url) === undefined) {
    throw invalid('a GitHub App logs in over HTTPS alone: let url begin with https://');
  }
}

/**
 * Checks that a repo is at the GitHub that its App is of: a token goes to no other host. The API is at the same host,
 * or at `api.` before it.
 * @param url one that passed {@link checkGitHubUse}
 * @throws AppError `resource/invalid`
 */
export function checkGitHubHost(url: string, { apiUrl, source }: GitHubApp): void {
  const api = new URL(apiUrl).host;
  const { host } = new URL(url);
  if (host === api || `api.${host}` === api) return;
  throw invalid(
    `the GitHub App of ${source} is one of ${api.replace(/^api\./, '')}, and the repo is at ${host}; say in its githubAppBaseURL where the API is`,
  );
}

/**
 * The repo of a cloud for which this process may ask a login in its own name; undefined under another provider. A login
 * goes to the cloud's own hosts alone, and in a way that nobody can listen in on: otherwise whoever may
 * write an automation could have this process's identity sent to himself.
 * @throws AppError `resource/invalid`
 */
export function cloudRepoOf(use: GitProviderUse): CloudRepo | undefined {
  const { provider } = use;
  if (provider !== 'aws' && provider !== 'azure') return undefined;
  if (use.secretRef !== undefined) {
    throw invalid(`${provider} gives the login: leave out secretRef`);
  }
  if (use.certSecretRef !== undefined) {
    throw invalid(
      `the login of ${provider} is sent only where the system's certificates vouch for the host: leave out certSecretRef`,
    );
  }
  const address = webAddress(use.url);
  const repo = address && (provider === 'aws' ? codeCommit(address) : azureDevOps(address));
  if (repo !== undefined) return repo;
  throw invalid(`${provider} gives logins for ${HOSTS[provider]} alone; url names another`);
}

/** Repos of each cloud, for messages. */
const HOSTS = {
  aws: 'https://git-codecommit.REGION.amazonaws.com/v1/repos/NAME',
  azure: 'https://dev.azure.com/… and https://ORGANISATION.visualstudio.com/…',
} as const;

function codeCommit({ host, pathname }: URL): CloudRepo | undefined {
  const region = CODECOMMIT.exec(host)?.groups?.['region'];
  const path = pathname.replace(/\/+$/, '');
  if (region === undefined || !/^\/v1\/repos\/[\w.-]+$/.test(path)) return undefined;
  return { provider: 'aws', region, host, path };
}

function azureDevOps({ host }: URL): CloudRepo | undefined {
  const isIt = host === 'dev.azure.com' || /^[a-z0-9][a-z0-9-]*\.visualstudio\.com$/.test(host);
  return isIt ? { provider: 'azure', resource: AZURE_DEVOPS } : undefined;
}

/** Undefined where it is not HTTPS. */
function webAddress(url: string): URL | undefined {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  return address?.protocol === 'https:' ? address : undefined;
}

function invalid(message: string): AppError {
  return new AppError('resource/invalid', `spec.git.provider: ${message}`);
}
