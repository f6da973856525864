import { environmentProxy, type EnvironmentProxies } from '../../connections/environment-proxy.ts';
import type { Forge, ForgeAccess } from '../../ports/forge.ts';
import { AzureDevOps } from './azure-devops.ts';
import { Bitbucket } from './bitbucket.ts';
import { ForgeHttp, type ForgeWay } from './forge-http.ts';
import { Gitea } from './gitea.ts';
import { GitHub } from './github.ts';
import { GitLab } from './gitlab.ts';
import { repoAddress } from './repo-address.ts';

/**
 * The pull requests of a repo. Nothing is contacted yet.
 * @param proxies of the process, for an access that names none
 * @throws AppError `resource/invalid` when the repo's address is not one at such a forge, `secret/invalid` for a
 * certificate or key that is none
 */
export function openForge(
  access: ForgeAccess,
  proxies: EnvironmentProxies = { exceptions: '' },
): Forge {
  const { api, path } = repoAddress(access);
  const proxy = access.proxy ?? environmentProxy(new URL(api), proxies);
  const login = { ...loginFor(access), ...(proxy === undefined ? {} : { proxy }) };
  const http = new ForgeHttp(api, login);
  switch (access.kind) {
    case 'github':
      return new GitHub(http, new ForgeHttp(graphQlOf(api), login), path);
    case 'gitlab':
      return new GitLab(http, path);
    case 'gitea':
      return new Gitea(http, path);
    case 'bitbucket':
      return new Bitbucket(http, path);
    case 'azuredevops':
      return new AzureDevOps(http, api, path);
  }
}

/** Git takes these forges' tokens as passwords; their APIs take them as tokens, whoever's name stands before. */
function loginFor({ kind, basic, bearerToken, ...way }: ForgeAccess): ForgeWay {
  if (bearerToken !== undefined) return { bearerToken, ...way };
  if (basic === undefined) return way;
  const isToken =
    kind === 'github' ||
    kind === 'gitlab' ||
    // The user name that goes with a repository's, project's or workspace's access token.
    (kind === 'bitbucket' && basic.username === 'x-token-auth');
  return isToken ? { bearerToken: basic.password, ...way } : { basic, ...way };
}

/** `https://api.github.com/graphql`; `https://HOST/api/graphql` beside `https://HOST/api/v3`. */
function graphQlOf(api: string): string {
  return `${api.replace(/\/v3$/, '')}/graphql`;
}
