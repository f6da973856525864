import type { Annotations } from '../image/image-manifest.ts';

/** Where an image comes from, as it says itself: anybody may have written it. */
export interface ImageOrigin {
  readonly source?: string;
  readonly revision?: string;
}

/** Keys of annotations and labels (OCI image-spec, annotations), then those of Label Schema before it. */
const SOURCE_KEYS = ['org.opencontainers.image.source', 'org.label-schema.vcs-url'];
const REVISION_KEYS = ['org.opencontainers.image.revision', 'org.label-schema.vcs-ref'];

const MAX_SOURCE_CHARS = 500;

/** Id of a commit. Tags and branches would be other commits tomorrow. */
const COMMIT = /^[0-9a-f]{7,64}$/;

/** What labels or annotations say of an image's origin. */
export function originOf(labels: Annotations): ImageOrigin {
  const source = firstOf(labels, SOURCE_KEYS);
  const revision = firstOf(labels, REVISION_KEYS);
  return {
    ...(source === undefined ? {} : { source }),
    ...(revision === undefined ? {} : { revision }),
  };
}

/** Is there nothing that could still be learnt of an origin? */
export function isComplete({ source, revision }: ImageOrigin): boolean {
  return source !== undefined && revision !== undefined;
}

/**
 * Address of what changed between two images: of their commits, compared where both come from the same repo,
 * else of the new one's commit, or of its repo.
 * @returns undefined when the new image names no repo that a browser can show
 */
export function changesUrl(
  before: ImageOrigin | undefined,
  after: ImageOrigin,
): string | undefined {
  const repo = webAddress(after.source);
  if (repo === undefined) return undefined;
  const { base, pages } = repo;
  const to = commitIn(after);
  if (to === undefined) return base;
  const from = before === undefined ? undefined : commitIn(before);
  const isSameRepo = webAddress(before?.source)?.base === base;
  return `${base}${from === undefined || !isSameRepo || from === to ? pages.commit(to) : pages.compare(from, to)}`;
}

/** Where a forge shows commits, below the address of a repo. */
interface Pages {
  readonly commit: (id: string) => string;
  readonly compare: (from: string, to: string) => string;
}

/** GitHub's, which Gitea and Forgejo have as well. */
const USUAL: Pages = {
  commit: (id) => `/commit/${id}`,
  compare: (from, to) => `/compare/${from}...${to}`,
};

const GITLAB: Pages = {
  commit: (id) => `/-/commit/${id}`,
  compare: (from, to) => `/-/compare/${from}...${to}`,
};

const BITBUCKET: Pages = {
  commit: (id) => `/commits/${id}`,
  compare: (from, to) => `/branches/compare/${to}%0D${from}`,
};

const AZURE_DEVOPS: Pages = {
  commit: (id) => `/commit/${id}`,
  compare: (from, to) => `/branchCompare?baseVersion=GC${from}&targetVersion=GC${to}`,
};

function pagesOf(host: string): Pages {
  if (host === 'bitbucket.org') return BITBUCKET;
  if (host === 'dev.azure.com') return AZURE_DEVOPS;
  return host.split('.').includes('gitlab') ? GITLAB : USUAL;
}

/**
 * The web page of a repo, from any form in which Git is told of one: `https://…`, `ssh://…`, `git@host:path`.
 * Fit for Markdown: nothing in it ends a link.
 */
function webAddress(
  source: string | undefined,
): { readonly base: string; readonly pages: Pages } | undefined {
  if (source === undefined || source.length > MAX_SOURCE_CHARS) return undefined;
  const text = source
    .trim()
    .replace(/^git\+/, '')
    .replace(/^[\w.-]+@([\w.-]+):(?!\/\/)/, 'ssh://$1/');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:', 'ssh:', 'git:'].includes(url.protocol)) {
    return undefined;
  }
  const { hostname, protocol, pathname } = url;
  const isWeb = protocol === 'https:' || protocol === 'http:';
  const origin = isWeb ? `${protocol}//${url.host}` : `https://${hostname}`;
  const path = repoPath(hostname, pathname);
  return path === undefined ? undefined : { base: `${origin}${path}`, pages: pagesOf(hostname) };
}

/** A source may be a folder within a repo: at GitHub, and behind GitLab's `/-/`, that can be told. */
function repoPath(host: string, pathname: string): string | undefined {
  const segments = (pathname.split('/-/')[0] ?? '').split('/').filter((part) => part !== '');
  const ofRepo = host === 'github.com' ? segments.slice(0, 2) : segments;
  if (ofRepo.length < 2) return undefined;
  const path = ofRepo.join('/').replace(/\.git$/, '');
  return `/${path.replaceAll('(', '%28').replaceAll(')', '%29')}`;
}

function commitIn({ revision = '' }: ImageOrigin): string | undefined {
  return COMMIT.test(revision) ? revision : undefined;
}

function firstOf(labels: Annotations, keys: readonly string[]): string | undefined {
  return keys.map((key) => labels[key]).find((value) => value !== undefined && value !== '');
}
