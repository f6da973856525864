import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from './domain/errors.ts';
import { parseProxyAddress, PROXY_EXAMPLE, type Proxy } from './domain/proxy.ts';

/** A proxy's address; empty means none. Messages leave out what is there: it may hold a password. */
const proxyAddress = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined || text.trim() === '') return undefined;
    const proxy = parseProxyAddress(text);
    if (proxy === undefined) {
      const message = `must be the address of an HTTP proxy, such as ${PROXY_EXAMPLE}`;
      context.addIssue({ code: 'custom', message });
    }
    return proxy;
  });

/** What the environment says. Command-line options win over it. */
const environmentSchema = z.object({
  LOCKKEEPER_CACHE_DIR: z.string().optional(),
  LOCKKEEPER_SECRETS_DIR: z.string().optional(),
  LOCKKEEPER_GIT_ENGINE: z.enum(['auto', 'native', 'isomorphic']).default('auto'),
  LOCKKEEPER_GIT_USERNAME: z.string().optional(),
  LOCKKEEPER_GIT_PASSWORD: z.string().optional(),
  LOCKKEEPER_CA_FILE: z.string().optional(),
  DOCKER_CONFIG: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  POD_NAME: z.string().optional(),
  POD_NAMESPACE: z.string().optional(),
  POD_IP: z.string().optional(),
  USER: z.string().optional(),
  // Of two spellings, the lower-case one counts, as in curl and Go.
  https_proxy: proxyAddress,
  HTTPS_PROXY: proxyAddress,
  http_proxy: proxyAddress,
  HTTP_PROXY: proxyAddress,
  no_proxy: z.string().optional(),
  NO_PROXY: z.string().optional(),
});

/** Settings of one process, from its environment. */
export interface Config {
  /** Folder for object stores and remembered scans; may be deleted at any time. */
  readonly cacheDir: string;
  /** Folder with Secrets by name; see the standalone page of the docs. */
  readonly secretsDir?: string;
  readonly gitEngine: 'auto' | 'native' | 'isomorphic';
  /** Login for a `--repo` that no resource gives one for. */
  readonly gitLogin?: { readonly username: string; readonly password: string };
  /** PEM file trusted besides the system's, for registries, Git and forges. */
  readonly caFile?: string;
  /** Folder of the user's Docker `config.json`. */
  readonly dockerConfigDir: string;
  /** Proxies for registries and Git, by the scheme of the URL asked for, and `NO_PROXY`. */
  readonly proxies: { readonly https?: Proxy; readonly http?: Proxy; readonly exceptions: string };
  readonly user?: string;
  /** The Pod that this process is, where it is one. */
  readonly pod: { readonly name?: string; readonly namespace?: string; readonly ip?: string };
  /** The whole environment, for Secrets given in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads the environment; the only reader of it. @throws AppError `usage` naming each bad variable */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}`,
    );
    throw new AppError('usage', `environment: ${problems.join('; ')}`);
  }
  const e = parsed.data;
  return {
    cacheDir:
      e.LOCKKEEPER_CACHE_DIR ?? join(e.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lockkeeper'),
    gitEngine: e.LOCKKEEPER_GIT_ENGINE,
    dockerConfigDir: e.DOCKER_CONFIG ?? join(homedir(), '.docker'),
    // Forges that take a token as password accept any user name beside it.
    ...(e.LOCKKEEPER_GIT_PASSWORD === undefined
      ? {}
      : {
          gitLogin: {
            username: e.LOCKKEEPER_GIT_USERNAME ?? 'git',
            password: e.LOCKKEEPER_GIT_PASSWORD,
          },
        }),
    ...(e.LOCKKEEPER_SECRETS_DIR === undefined ? {} : { secretsDir: e.LOCKKEEPER_SECRETS_DIR }),
    ...(e.LOCKKEEPER_CA_FILE === undefined ? {} : { caFile: e.LOCKKEEPER_CA_FILE }),
    proxies: proxiesOf(e),
    ...(e.USER === undefined ? {} : { user: e.USER }),
    pod: podOf(e),
    env,
  };
}

function proxiesOf(e: z.output<typeof environmentSchema>): Config['proxies'] {
  const [https, http] = [e.https_proxy ?? e.HTTPS_PROXY, e.http_proxy ?? e.HTTP_PROXY];
  return {
    ...(https === undefined ? {} : { https }),
    ...(http === undefined ? {} : { http }),
    exceptions: e.no_proxy ?? e.NO_PROXY ?? '',
  };
}

function podOf(e: z.output<typeof environmentSchema>): Config['pod'] {
  return {
    ...(e.POD_NAME === undefined ? {} : { name: e.POD_NAME }),
    ...(e.POD_NAMESPACE === undefined ? {} : { namespace: e.POD_NAMESPACE }),
    ...(e.POD_IP === undefined ? {} : { ip: e.POD_IP }),
  };
}
