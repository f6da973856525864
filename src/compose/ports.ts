import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckout } from '../adapters/checkout/directory.ts';
import { openConfigFolder } from '../adapters/files/config-folder.ts';
import { localSecrets } from '../adapters/files/local-secrets.ts';
import { stateFiles } from '../adapters/files/state-files.ts';
import { createSigningKeys } from '../adapters/signing/open-signer.ts';
import { cronTimes } from '../adapters/time/cron-times.ts';
import { systemClock } from '../adapters/time/system-clock.ts';
import type { CloudLogin, CloudLogins } from '../ports/cloud.ts';
import type { Config } from '../config.ts';
import type { ProcessWay } from '../connections/process-way.ts';
import type { CloudProvider, CloudRegistry } from '../domain/cloud-registry.ts';
import { AppError } from '../domain/errors.ts';
import type { GitLogins } from '../ports/git-login.ts';
import type { GitAccess, Ports } from '../ports/ports.ts';
import type { AdapterObservers } from './adapter-observers.ts';
import { checkTenantCloud, checkTenantRepo, tenantEnvironment } from './tenants.ts';
import manifest from '../../package.json' with { type: 'json' };

/** What the command line may say over the environment. */
export interface Overrides extends AdapterObservers {
  readonly gitEngine?: Config['gitEngine'];
  readonly caFile?: string;
  readonly secrets?: string;
  /** Folder of what has to be kept between runs; default: the cache folder's `state`. */
  readonly stateDir?: string;
  /**
   * The resources are those of tenants: none of this process's own logins is lent to them, and a repo
   * on its own disk, which could be the store of another tenant's, is refused.
   */
  readonly forTenants?: boolean;
  /** Clouds whose registries and repos tenants may be logged in to as this process. Default: none. */
  readonly allowProvider?: readonly CloudProvider[];
  /**
   * Load at once what is otherwise loaded when it is first used: a service may run for long before that,
   * and its files may have been replaced by another version's by then.
   */
  readonly inAdvance?: boolean;
}

/** Ports that hold connections and processes until they are closed. */
export interface OpenPorts extends Ports {
  close(): Promise<void>;
}

/** Puts an adapter behind every port. The only place that knows which. */
export async function compose(config: Config, overrides: Overrides = {}): Promise<OpenPorts> {
  const way = {
    ca: await readCa(overrides.caFile ?? config.caFile),
    proxies: config.proxies,
  };
  let registry: ReturnType<typeof openRegistry> | undefined;
  const theRegistry = () => (registry ??= openRegistry(config, way, overrides));
  let git: ReturnType<typeof openGit> | undefined;
  const theGit = () => (git ??= openGit(config, { overrides, way, logins: gitLogins }));
  let verifier: ReturnType<typeof openVerifier> | undefined;
  const theVerifier = () => (verifier ??= openVerifier(config, overrides));
  const theForges = () => import('../adapters/forge/open-forge.ts');
  const clouds = openClouds(config, overrides);
  const gitLogins = openGitLogins(config, way, overrides);
  if (overrides.inAdvance === true) {
    await Promise.all([theRegistry(), theGit(), theVerifier(), theForges()]);
    await Promise.all([clouds.load(), gitLogins.load()]);
  }
  return {
    registry: {
      listTags: async (...call) => (await theRegistry()).listTags(...call),
      digest: async (...call) => (await theRegistry()).digest(...call),
      signatures: async (...call) => (await theRegistry()).signatures(...call),
      manifest: async (...call) => (await theRegistry()).manifest(...call),
      imageConfig: async (...call) => (await theRegistry()).imageConfig(...call),
    },
    signatures: { verify: async (...call) => (await theVerifier()).verify(...call) },
    secrets: localSecrets(overrides.secrets ?? config.secretsDir, config.env),
    signing: createSigningKeys(),
    clouds,
    gitLogins,
    clock: systemClock,
    cron: cronTimes,
    random: Math.random,
    state: stateFiles(join(config.cacheDir, 'state'), manifest.version),
    records: stateFiles(overrides.stateDir ?? join(config.cacheDir, 'state')),
    open: {
      checkout: (dir) => openCheckout(dir, config.env),
      folder: openConfigFolder,
      branch: async (access, signal) => {
        const branches = await theGit();
        if (overrides.forTenants !== true) {
          return branches.open(withLogin(access, config), signal);
        }
        checkTenantRepo(access);
        return branches.open(access, signal);
      },
      forge: async (access) => {
        const login = overrides.forTenants === true ? access : withLogin(access, config);
        return (await theForges()).openForge(login, way, overrides.onForgeEvent);
      },
      commits: async (access) =>
        (await theForges()).openForgeCommits(access, way, overrides.onForgeEvent),
    },
    close: async () => (await registry)?.close(),
  };
}

/** Loaded only where a registry is asked: an HTTP client takes longer to load than most commands to run. */
async function openRegistry(config: Config, way: ProcessWay, overrides: Overrides) {
  const { createRegistry } = await import('../adapters/registry/create-registry.ts');
  const { onRegistryEvent: onEvent, forTenants = false } = overrides;
  return createRegistry({
    clock: systemClock,
    way,
    ...(forTenants ? {} : { dockerConfigDir: config.dockerConfigDir }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
}

/** Loaded only where a policy demands signatures. */
async function openVerifier(config: Config, { inAdvance = false }: Overrides) {
  const { createSignatureVerifier } = await import('../adapters/signature/create-verifier.ts');
  const cacheDir = join(config.cacheDir, 'sigstore');
  const verifier = createSignatureVerifier({ cacheDir, clock: systemClock });
  if (inAdvance) await verifier.load();
  return verifier;
}

/** Loaded only where a policy has a cloud for its provider: the SDKs are large. */
function openClouds(config: Config, { allowProvider = [], forTenants = false }: Overrides) {
  let clouds: Promise<CloudLogins> | undefined;
  const open = async () => {
    const { createCloudLogins } = await import('../adapters/cloud/create-cloud-logins.ts');
    return createCloudLogins({ env: config.env, clock: systemClock });
  };
  return {
    async login(registry: CloudRegistry, signal: AbortSignal): Promise<CloudLogin> {
      if (forTenants) checkTenantCloud(registry.provider, allowProvider, 'spec.provider');
      return (await (clouds ??= open())).login(registry, signal);
    },
    async load(): Promise<void> {
      if (allowProvider.length === 0) return;
      const { loadCloud } = await import('../adapters/cloud/create-cloud-logins.ts');
      await Promise.all(allowProvider.map(loadCloud));
    },
  };
}

/** Loaded only where a repo's login is one for a while. */
function openGitLogins(
  config: Config,
  way: ProcessWay,
  { allowProvider = [], forTenants = false, onGitLogin }: Overrides,
) {
  let logins: Promise<GitLogins> | undefined;
  const open = async () => {
    const { createGitLogins } = await import('../adapters/cloud/create-git-logins.ts');
    return createGitLogins({
      env: config.env,
      clock: systemClock,
      way,
      ...(onGitLogin === undefined ? {} : { onEvent: onGitLogin }),
    });
  };
  const login: GitLogins['login'] = async (request, signal, refused) => {
    const { provider } = request.provider;
    // A GitHub App is the tenant's own.
    if (forTenants && provider !== 'github') {
      checkTenantCloud(provider, allowProvider, 'spec.git.provider');
    }
    return (await (logins ??= open())).login(request, signal, refused);
  };
  const load = async () => {
    const { loadGitLogins } = await import('../adapters/cloud/create-git-logins.ts');
    await loadGitLogins(allowProvider.filter((cloud) => cloud !== 'gcp'));
  };
  return { login, load };
}

interface GitSetup {
  readonly overrides: Overrides;
  readonly way: ProcessWay;
  readonly logins: GitLogins;
}

/** Loaded only where a remote is opened: Git's engines are the heaviest part of what ships. */
async function openGit(config: Config, { overrides, way, logins }: GitSetup) {
  const { GitBranches } = await import('../adapters/git/open-branch.ts');
  const branches = new GitBranches({
    engine: overrides.gitEngine ?? config.gitEngine,
    storeRoot: join(config.cacheDir, 'git'),
    env: overrides.forTenants === true ? tenantEnvironment(config.env) : config.env,
    way,
    logins,
  });
  if (overrides.inAdvance === true) await branches.load();
  return branches;
}

/** The environment's login, where a resource gives none. */
function withLogin<T extends Pick<GitAccess, 'basic' | 'bearerToken' | 'provider'>>(
  access: T,
  { gitLogin }: Config,
): T {
  const { basic, bearerToken, provider } = access;
  const hasLogin = (basic ?? bearerToken ?? provider) !== undefined;
  return hasLogin || gitLogin === undefined ? access : { ...access, basic: gitLogin };
}

async function readCa(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('usage', `cannot read the certificates in ${path}`, { cause });
  }
}
