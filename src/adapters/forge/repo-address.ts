import { AppError } from '../../domain/errors.ts';
import type { ForgeAccess, ForgeKind } from '../../ports/forge.ts';

/** Where a repo is at its forge. */
export interface RepoAddress {
  /** Base of the API, without a slash at its end. */
  readonly api: string;
  /** Segments of the repo's path, decoded, without `.git`: `['team', 'config']`. */
  readonly path: readonly string[];
}

/** A repo's host and path, whichever way Git is told of it. */
interface GitPlace {
  /** With the port, where HTTP names one: the API is at the same. */
  readonly origin: string;
  readonly host: string;
  readonly path: readonly string[];
}

/** How many segments a path has, where a forge is strict about it. */
const SEGMENTS: Partial<Record<ForgeKind, number>> = { github: 2, gitea: 2, bitbucket: 2 };

/**
 * Finds the API of a repo from its Git address: the forges' own hosts by name, any other as
 * self-hosted installations have it.
 * @throws AppError `resource/invalid` when the address is not one of a repo at such a forge
 */
export function repoAddress({
  kind,
  repoUrl,
  apiUrl,
}: Pick<ForgeAccess, 'kind' | 'repoUrl' | 'apiUrl'>): RepoAddress {
  const place = gitPlace(repoUrl);
  if (place === undefined) throw notAtForge(kind);
  const { path } = kind === 'azuredevops' ? { path: azurePath(place) } : place;
  const wanted = SEGMENTS[kind];
  if (path.length < 2 || (wanted !== undefined && path.length !== wanted)) throw notAtForge(kind);
  return { api: (apiUrl ?? usualApi(kind, place)).replace(/\/+$/, ''), path };
}

function usualApi(kind: ForgeKind, { origin, host }: GitPlace): string {
  switch (kind) {
    case 'github':
      return host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
    case 'gitlab':
      return `${origin}/api/v4`;
    case 'gitea':
      return `${origin}/api/v1`;
    case 'bitbucket':
      return 'https://api.bitbucket.org/2.0';
    case 'azuredevops':
      return host === 'ssh.dev.azure.com' ? 'https://dev.azure.com' : origin;
  }
}

/** `https://host/path`, `ssh://user@host/path` or `user@host:path`. */
function gitPlace(url: string): GitPlace | undefined {
  const short = /^[^/@:]+@([^/:]+):(.+)$/.exec(url);
  const text = short === null ? url : `ssh://git@${short[1] ?? ''}/${short[2] ?? ''}`;
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(text);
  const isHttp = protocol === 'https:' || protocol === 'http:';
  if (!isHttp && protocol !== 'ssh:') return undefined;
  return {
    // An SSH port says nothing of where HTTPS is.
    origin: isHttp ? `${protocol}//${host}` : `https://${hostname}`,
    host: hostname,
    path: pathname
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment)),
  };
}

/**
 * Organisation, project and repo: `ORG/PROJECT/_git/REPO`, `v3/ORG/PROJECT/REPO` over SSH, and
 * `ORG/_git/REPO` where a project has the name of its repo.
 */
function azurePath({ host, path }: GitPlace): readonly string[] {
  const parts = path.filter((segment) => segment !== '_git' && segment !== 'DefaultCollection');
  const [first, ...others] = parts;
  const isSsh = host === 'ssh.dev.azure.com' && first === 'v3';
  const named = isSsh ? others : parts;
  const [organisation, project] = named;
  if (named.length === 2 && organisation !== undefined && project !== undefined) {
    return [organisation, project, project];
  }
  return named.length === 3 ? named : [];
}

function notAtForge(kind: ForgeKind): AppError {
  return new AppError(
    'resource/invalid',
    `spec.git.url is not the address of a repo at a forge of kind ${kind}`,
  );
}
