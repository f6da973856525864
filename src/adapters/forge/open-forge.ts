import type { Forge, ForgeAccess } from '../../ports/forge.ts';
import { AzureDevOps } from './azure-devops.ts';
import { Bitbucket } from './bitbucket.ts';
import { ForgeHttp } from './forge-http.ts';
import { Gitea } from './gitea.ts';
import { GitHub } from './github.ts';
import { GitLab } from './gitlab.ts';
import { repoAddress } from './repo-address.ts';

/**
 * The pull requests of a repo. Nothing is contacted yet.
 * @throws AppError `resource/invalid` when the repo's address is not one at such a forge
 */
export function openForge(access: ForgeAccess): Forge {
  const { api, path } = repoAddress(access);
  const login = loginFor(access);
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

type Login = Pick<ForgeAccess, 'basic' | 'bearerToken' | 'ca'>;

/** Git takes these forges' tokens as passwords; their APIs take them as tokens, whoever's name stands before. */
function loginFor({ kind, basic, bearerToken, ca }: ForgeAccess): Login {
  const trust = ca === undefined ? {} : { ca };
  if (bearerToken !== undefined) return { bearerToken, ...trust };
  if (basic === undefined) return trust;
  const isToken =
    kind === 'github' ||
    kind === 'gitlab' ||
    // The user name that goes with a repository's, project's or workspace's access token.
    (kind === 'bitbucket' && basic.username === 'x-token-auth');
  return isToken ? { bearerToken: basic.password, ...trust } : { basic, ...trust };
}

/** `https://api.github.com/graphql`; `https://HOST/api/graphql` beside `https://HOST/api/v3`. */
function graphQlOf(api: string): string {
  return `${api.replace(/\/v3$/, '')}/graphql`;
}
