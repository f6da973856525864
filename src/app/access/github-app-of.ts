import { AppError } from '../../domain/errors.ts';
import { GITHUB_API, type GitHubApp } from '../../domain/git-provider.ts';

type Secret = Readonly<Record<string, string>>;

/**
 * The GitHub App that a Secret holds, under the keys that Flux has for it: `githubAppID`, `githubAppPrivateKey`, one of
 * `githubAppInstallationID` and `githubAppInstallationOwner`, and `githubAppBaseURL` where it is not one of github.com.
 * @param name of the Secret, for messages
 * @throws AppError `secret/invalid`, without a word of the content
 */
export function githubAppOf(secret: Secret, name: string): GitHubApp {
  const source = `Secret ${name}`;
  return {
    id: identifier(secret, 'githubAppID', source) ?? lacking(source, 'githubAppID'),
    installation: installationOf(secret, source),
    privateKey: secret['githubAppPrivateKey'] ?? lacking(source, 'githubAppPrivateKey'),
    apiUrl: apiUrlOf(secret, source),
    source,
  };
}

/** Does a Secret hold a GitHub App? */
export function holdsGitHubApp(secret: Secret): boolean {
  return secret['githubAppID'] !== undefined;
}

function installationOf(secret: Secret, source: string): GitHubApp['installation'] {
  const [byId, byOwner] = ['githubAppInstallationID', 'githubAppInstallationOwner'] as const;
  const id = identifier(secret, byId, source);
  const owner = identifier(secret, byOwner, source);
  if (id !== undefined && owner !== undefined) {
    throw invalid(`${source} has ${byId} and ${byOwner}; keep one of them`);
  }
  if (id !== undefined) return { id };
  return owner === undefined ? lacking(source, `${byId} or ${byOwner}`) : { owner };
}

/** It becomes part of an address. */
function identifier(secret: Secret, key: string, source: string): string | undefined {
  const value = secret[key]?.trim();
  if (value === undefined || /^\w[\w.-]{0,99}$/.test(value)) return value;
  throw invalid(`${source}: ${key} must be the number or name that GitHub shows`);
}

function apiUrlOf(secret: Secret, source: string): string {
  const given = secret['githubAppBaseURL']?.trim() || GITHUB_API;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'https:' && url.username === '' && url.password === '') {
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  }
  throw invalid(
    `${source}: githubAppBaseURL must be the address of the API, such as https://github.example.com/api/v3`,
  );
}

function lacking(source: string, key: string): never {
  throw invalid(`${source} has no ${key}`);
}

function invalid(message: string): AppError {
  return new AppError('secret/invalid', message);
}
