import { digestOf, type Imitation, type TokenAuth } from './imitation.ts';

const ALL = 1_000_000;

const denied = (status: number, code: string) => ({
  status,
  body: { errors: [{ code, message: 'not known, or not yours' }] },
});
const UNKNOWN = denied(404, 'NAME_UNKNOWN');

const absolutePath = (query: string, { path }: { path: string }) => `${path}?${query}`;
const wholeUrl = (query: string, { host, path }: { host: string; path: string }) =>
  `http://${host}${path}?${query}`;

const tokens = (path: string, service: string, more: Partial<TokenAuth> = {}): TokenAuth => ({
  kind: 'token',
  path,
  challenges: (realm, scope) => [`Bearer realm="${realm}",service="${service}",scope="${scope}"`],
  answer: (token) => ({ token }),
  ...more,
});

/** What most registries do that are built on distribution. */
const USUAL = {
  order: 'lexical',
  defaultPage: ALL,
  maxPage: 1000,
  cursor: 'last',
  link: absolutePath,
  missing: UNKNOWN,
} as const;

/** One for each registry that people use, with what is peculiar to it. */
export const IMITATIONS: readonly Imitation[] = [
  {
    ...USUAL,
    name: 'Docker Hub',
    host: 'registry-1.docker.io',
    auth: tokens('/token', 'registry.docker.io', {
      elsewhere: true,
      answer: (token) => ({ token, access_token: token, expires_in: 300 }),
    }),
    missing: denied(401, 'UNAUTHORIZED'),
    manifestHeaders: {
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': '76;w=21600',
      'docker-ratelimit-source': '203.0.113.7',
    },
  },
  {
    ...USUAL,
    name: 'GHCR',
    host: 'ghcr.io',
    order: 'pushed',
    defaultPage: 100,
    maxPage: ALL,
    auth: tokens('/token', 'ghcr.io', { opensAll: true }),
    missing: denied(403, 'DENIED'),
  },
  {
    ...USUAL,
    name: 'Quay before 2024',
    host: 'quay.io',
    order: 'pushed',
    defaultPage: 50,
    maxPage: 50,
    cursor: 'opaque',
    auth: tokens('/v2/auth', 'quay.io'),
    missing: denied(401, 'UNAUTHORIZED'),
  },
  {
    ...USUAL,
    name: 'Quay',
    host: 'quay.io',
    defaultPage: 100,
    maxPage: 100,
    auth: tokens('/v2/auth', 'quay.io'),
    missing: denied(401, 'UNAUTHORIZED'),
  },
  {
    ...USUAL,
    name: 'ECR',
    host: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    order: 'pushed',
    defaultPage: 100,
    aboveMax: 405,
    cursor: 'opaque',
    auth: {
      kind: 'basic',
      challenge:
        'Basic realm="https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com"',
    },
  },
  {
    ...USUAL,
    name: 'public ECR',
    host: 'public.ecr.aws',
    order: 'pushed',
    defaultPage: 100,
    aboveMax: 405,
    cursor: 'opaque',
    auth: tokens('/token/', 'public.ecr.aws', {
      challenges: (realm) => [`Bearer realm="${realm}",service="public.ecr.aws",scope="aws"`],
    }),
  },
  {
    ...USUAL,
    name: 'GCR',
    host: 'gcr.io',
    ignoresSize: true,
    link: null,
    auth: tokens('/v2/token', 'gcr.io', {
      answer: (token) => ({ token, access_token: token, expires_in: 3600 }),
    }),
    listExtras: (tags) => ({ child: ['team/other'], manifest: manifestsOf(tags) }),
  },
  {
    ...USUAL,
    name: 'Artifact Registry',
    host: 'europe-west1-docker.pkg.dev',
    link: wholeUrl,
    auth: tokens('/v2/token', 'europe-west1-docker.pkg.dev', {
      answer: (token) => ({ token, expires_in: 3600 }),
    }),
    listExtras: (tags) => ({ child: [], manifest: manifestsOf(tags) }),
  },
  {
    ...USUAL,
    name: 'ACR',
    host: 'team.azurecr.io',
    defaultPage: 100,
    auth: tokens('/oauth2/token', 'team.azurecr.io', {
      answer: (token) => ({ access_token: token }),
      oauth: true,
    }),
    missing: denied(401, 'UNAUTHORIZED'),
  },
  {
    ...USUAL,
    name: 'Harbor',
    host: 'harbor.example',
    auth: tokens('/service/token', 'harbor-registry', {
      answer: (token) => ({ token, access_token: '', expires_in: 1800, issued_at: '2026-06-01' }),
    }),
    missing: denied(401, 'UNAUTHORIZED'),
  },
  {
    ...USUAL,
    name: 'GitLab',
    host: 'registry.gitlab.com',
    defaultPage: 100,
    auth: tokens('/jwt/auth', 'container_registry', { elsewhere: true }),
    missing: denied(403, 'DENIED'),
  },
  {
    ...USUAL,
    name: 'Artifactory',
    host: 'team.jfrog.io',
    // The key of the virtual repository, the first part of the path, is lost.
    link: (query, { path }) => `${path.replace(/^\/v2\/[^/]+\//, '/v2/')}?${query}`,
    auth: { kind: 'basic', challenge: 'Bearer realm="Artifactory Realm"' },
  },
  {
    ...USUAL,
    name: 'Nexus',
    host: 'nexus.example:5000',
    // The port is lost.
    link: (query, { host, path }) => `http://${host.replace(/:.*/, '')}${path}?${query}`,
    auth: { kind: 'basic', challenge: 'BASIC realm="Sonatype Nexus Repository Manager"' },
  },
  {
    ...USUAL,
    name: 'a Nexus proxy',
    host: 'nexus.example:5000',
    maxPage: ALL,
    link: null,
    auth: { kind: 'basic', challenge: 'BASIC realm="Sonatype Nexus Repository Manager"' },
  },
  {
    ...USUAL,
    name: 'distribution',
    host: 'registry.example:5000',
    auth: tokens('/auth', 'registry', {
      answer: (token) => ({ access_token: token, expires_in: 60 }),
    }),
  },
  {
    ...USUAL,
    name: 'Codeberg',
    host: 'codeberg.org',
    defaultPage: 50,
    auth: tokens('/v2/token', 'container_registry', {
      challenges: (realm) => [
        `Bearer realm="${realm}",service="container_registry",scope="*"`,
        'Basic realm="Gitea Container Registry"',
      ],
    }),
  },
  {
    ...USUAL,
    name: 'cgr.dev',
    host: 'cgr.dev',
    link: wholeUrl,
    auth: tokens('/token', 'cgr.dev', {
      challenges: (realm, scope) => [
        `Bearer realm="${realm}",service="cgr.dev",scope="${scope}",error="invalid_token"`,
      ],
      answer: (token) => ({ token, expires_in: 900 }),
    }),
    missing: denied(403, 'DENIED'),
  },
];

/** As Google's registries tell of each image in a list: built in May 2026, and pushed a second later. */
function manifestsOf(tags: readonly string[]) {
  const entry = (tag: string) => ({
    imageSizeBytes: '1048576',
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    timeCreatedMs: '1778000000000',
    timeUploadedMs: '1778000001000',
    tag: [tag],
  });
  return Object.fromEntries(tags.map((tag) => [digestOf(tag), entry(tag)]));
}
