import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Repository } from '../../domain/image-reference.ts';
import type { HelperRequest } from './credential-helper.ts';
import { type Credentials, IDENTITY_USERNAME } from './credentials.ts';

const DockerConfig = z.object({
  auths: z.record(z.string(), z.unknown()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

const AuthEntry = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});

/** Docker Hub's key, by which Docker and its helpers know it. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const DOCKER_HUB_HOSTS: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io']);

/** The parts of Docker's `config.json` that say who asks, and what to call the file in messages. */
export interface DockerCredentialConfig extends z.infer<typeof DockerConfig> {
  readonly source: string;
}

/**
 * Reads Docker's `config.json`. Entries are looked at when they are used, so that a broken one spoils
 * its own registry only.
 * @throws AppError `secret/invalid`, without a word of the content
 */
export function parseDockerConfig(content: string, source: string): DockerCredentialConfig {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new AppError('secret/invalid', `${source}: not JSON`);
  }
  const parsed = DockerConfig.safeParse(json);
  if (parsed.success) return { ...parsed.data, source };
  const where = parsed.error.issues[0]?.path[0]?.toString() ?? 'the whole';
  throw new AppError('secret/invalid', `${source}: ${where} is not as Docker writes it`);
}

/**
 * The entry of `auths` whose key is the longest prefix of the repository, in whole path segments: a key
 * may be `host`, `host:port`, `https://host/v1/`, or `host/path`. Among equals, the first config's counts.
 */
export function credentialsIn(
  configs: readonly DockerCredentialConfig[],
  repository: Repository,
): Credentials | undefined {
  const wanted = `${normaliseKey(repository.registry)}/${repository.path}/`;
  const [best] = configs
    .flatMap(({ source, auths }) =>
      Object.entries(auths ?? {}).map(([key, entry]) => {
        return { source, entry, prefix: `${normaliseKey(key)}/` };
      }),
    )
    .filter(({ prefix }) => wanted.startsWith(prefix))
    .toSorted((a, b) => b.prefix.length - a.prefix.length);
  if (best === undefined) return undefined;
  const where = `${best.source}: the entry for ${best.prefix.slice(0, -1)}`;
  const entry = AuthEntry.safeParse(best.entry);
  if (!entry.success) throw new AppError('secret/invalid', `${where} is not as Docker writes it`);
  return toCredentials(entry.data, where);
}

/** The helper to ask about a repository's registry: its own of `credHelpers`, else `credsStore`. */
export function helperFor(
  config: DockerCredentialConfig,
  repository: Repository,
): HelperRequest | undefined {
  const host = repository.registry.toLowerCase();
  const own = Object.entries(config.credHelpers ?? {}).find(([key]) => normaliseKey(key) === host);
  const name = own?.[1] || config.credsStore;
  if (!name) return undefined;
  const server = host === 'docker.io' ? DOCKER_HUB_KEY : repository.registry;
  return { name, server, source: config.source };
}

/** `https://Index.docker.io/v1/` and `docker.io` are one; paths keep their case. */
function normaliseKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//i, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  const slash = bare.indexOf('/');
  const host = (slash < 0 ? bare : bare.slice(0, slash)).toLowerCase();
  const path = slash < 0 ? '' : bare.slice(slash);
  return (DOCKER_HUB_HOSTS.has(host) ? 'docker.io' : host) + path;
}

function toCredentials(entry: z.infer<typeof AuthEntry>, where: string): Credentials | undefined {
  const { registrytoken, identitytoken } = entry;
  if (registrytoken) return { kind: 'registry-token', token: registrytoken };
  const { username, password } = loginOf(entry, where);
  if (identitytoken)
    return { kind: 'identity', username: username || IDENTITY_USERNAME, token: identitytoken };
  return username === '' && password === '' ? undefined : { kind: 'basic', username, password };
}

interface Login {
  readonly username: string;
  readonly password: string;
}

function loginOf(entry: z.infer<typeof AuthEntry>, where: string): Login {
  if (entry.auth) return decodeAuth(entry.auth, where);
  return { username: entry.username ?? '', password: entry.password ?? '' };
}

/** `auth` is base64 of `username:password`; some writers pad the password with zero bytes. */
function decodeAuth(auth: string, where: string): Login {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon <= 0)
    throw new AppError('secret/invalid', `${where}: auth is not base64 of username:password`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}
