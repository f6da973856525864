import { environmentProxy } from '../../connections/environment-proxy.ts';
import { type ProcessWay, STRAIGHT } from '../../connections/process-way.ts';
import { AppError } from '../../domain/errors.ts';
import type { Forge, ForgeAccess, ForgeCommits } from '../../ports/forge.ts';
import { AzureDevOps } from './azure-devops.ts';
import { Bitbucket } from './bitbucket.ts';
import type { OnForgeEvent } from './events.ts';
import { ForgeHttp, type ForgeWay } from './forge-http.ts';
import { Gitea } from './gitea.ts';
import { GitHub } from './github.ts';
import { COMMIT_RIGHT, GitHubCommits } from './github-commits.ts';
import { GitLab } from './gitlab.ts';
import { repoAddress } from './repo-address.ts';

/**
 * The pull requests of a repo. Nothing is contacted yet.
 * @param own the process's way, to which the access adds
 * @param onEvent told of requests. Default: nobody
 * @throws AppError `resource/invalid` when the repo's address is not one at such a forge, `secret/invalid` for a
 * certificate or key that is none
 */
export function openForge(
  access: ForgeAccess,
  own: ProcessWay = STRAIGHT,
  onEvent: OnForgeEvent = () => undefined,
): Forge {
  const { api, path, way } = wayTo(access, own, onEvent);
  const http = new ForgeHttp(api, way);
  switch (access.kind) {
    case 'github':
      return new GitHub(http, new ForgeHttp(graphQlOf(api), { ...way, api: 'graphql' }), path);
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

/**
 * The commits that the forge of a repo makes itself. Nothing is contacted yet.
 * @param own as for {@link openForge}
 * @throws AppError as {@link openForge}; `resource/invalid` for any forge but GitHub, too
 */
export function openForgeCommits(
  access: ForgeAccess,
  own: ProcessWay = STRAIGHT,
  onEvent: OnForgeEvent = () => undefined,
): ForgeCommits {
  if (access.kind !== 'github') {
    throw new AppError(
      'resource/invalid',
      `a forge of kind ${access.kind} signs no commits of ours`,
    );
  }
  const { api, path, way } = wayTo(access, own, onEvent);
  return new GitHubCommits(new ForgeHttp(api, way, COMMIT_RIGHT), path);
}

function wayTo(access: ForgeAccess, own: ProcessWay, onEvent: OnForgeEvent) {
  const { api, path } = repoAddress(access);
  const { ca, clientCertificate } = access;
  const proxy = access.proxy ?? environmentProxy(new URL(api), own.proxies);
  const way = {
    ...loginFor(access),
    cas: [own.ca, ca],
    api: 'rest' as const,
    onEvent,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(proxy === undefined ? {} : { proxy }),
  };
  return { api, path, way };
}

/** Git takes these forges' tokens as passwords; their APIs take them as tokens, whoever's name stands before. */
function loginFor({
  kind,
  basic,
  bearerToken,
}: ForgeAccess): Pick<ForgeWay, 'basic' | 'bearerToken'> {
  if (bearerToken !== undefined) return { bearerToken };
  if (basic === undefined) return {};
  const isToken =
    kind === 'github' ||
    kind === 'gitlab' ||
    // The user name that goes with a repository's, project's or workspace's access token.
    (kind === 'bitbucket' && basic.username === 'x-token-auth');
  return isToken ? { bearerToken: basic.password } : { basic };
}

/** `https://api.github.com/graphql`; `https://HOST/api/graphql` beside `https://HOST/api/v3`. */
function graphQlOf(api: string): string {
  return `${api.replace(/\/v3$/, '')}/graphql`;
}
