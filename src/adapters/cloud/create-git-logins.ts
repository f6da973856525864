import { createHash } from 'node:crypto';
import { environmentProxy } from '../../connections/environment-proxy.ts';
import type { ProcessWay } from '../../connections/process-way.ts';
import { AppError } from '../../domain/errors.ts';
import type { CloudRepo } from '../../domain/git-provider.ts';
import type { GitLogin, GitLoginRequest, GitLogins } from '../../ports/git-login.ts';
import { cloudRefusal } from './cloud-refusal.ts';
import type { CloudContext } from './context.ts';
import type { CloudOptions } from './create-cloud-logins.ts';
import { inTime } from './in-time.ts';
import { createLoginCache, type Expiring } from './login-cache.ts';

type GitCloud = CloudRepo['provider'];

/** What to look at when a cloud gives no login. */
const MENDS: Readonly<Record<GitCloud, string>> = {
  aws: 'check the role of its ServiceAccount (IRSA or Pod Identity)',
  azure:
    'check AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE, or its managed identity',
};

/** What logins for Git need from outside. */
export interface GitLoginOptions extends CloudOptions {
  /** To GitHub's API; the clouds' SDKs have their own way. */
  readonly way: ProcessWay;
  /** Told of each login that is asked for. Default: nobody. */
  readonly onEvent?: (event: GitLoginEvent) => void;
}

/** What became of a login that ends after a while. Nothing in it is secret. */
export interface GitLoginEvent {
  readonly provider: GitLoginRequest['provider']['provider'];
  /**
   * `renewed`: the provider gave one; `refused`: it gives none; `failed`: it could not be asked, or not with this Secret;
   * `rejected`: a server did not take one that was not over yet.
   */
  readonly result: 'renewed' | 'refused' | 'failed' | 'rejected';
}

/** Logins for Git from GitHub and by the clouds' own SDKs, kept until shortly before they end. */
export function createGitLogins(options: GitLoginOptions): GitLogins {
  const cache = createLoginCache<GitLogin>(options.clock);
  return {
    login(request, signal, refused) {
      if (refused !== undefined) tell(request, options, 'rejected');
      return cache.get(keyOf(request), () => ask(request, options), signal, refused);
    },
  };
}

/** Loads what a provider's logins take before one is asked for. */
export async function loadGitLogins(clouds: readonly GitCloud[]): Promise<void> {
  const load = { aws: loadAws, azure: loadAzure };
  await Promise.all([loadGitHub(), ...clouds.map((cloud) => load[cloud]())]);
}

const loadGitHub = () => import('./github-app.ts');
const loadAws = () => import('./codecommit.ts');
const loadAzure = () => import('./azure.ts');

/** The whole request counts: who knows an App's number but not its key must not get what its key was given. */
function keyOf(request: GitLoginRequest): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

async function ask(
  request: GitLoginRequest,
  options: GitLoginOptions,
): Promise<Expiring<GitLogin>> {
  try {
    const login = await inTime((signal) => loginOf(request, { ...options, signal }));
    tell(request, options, 'renewed');
    return login;
  } catch (cause) {
    const error = cause instanceof AppError ? cause : refusalOf(request, cause);
    tell(request, options, error.code === 'git/unauthorized' ? 'refused' : 'failed');
    throw error;
  }
}

function tell(
  { provider: { provider } }: GitLoginRequest,
  { onEvent }: GitLoginOptions,
  result: GitLoginEvent['result'],
): void {
  onEvent?.({ provider, result });
}

async function loginOf(
  { provider, ca, clientCertificate, proxy }: GitLoginRequest,
  context: CloudContext & GitLoginOptions,
): Promise<Expiring<GitLogin>> {
  switch (provider.provider) {
    case 'github': {
      const { app } = provider;
      const { gitHubAppLogin } = await loadGitHub();
      const { way } = context;
      const by = proxy ?? environmentProxy(new URL(app.apiUrl), way.proxies);
      return gitHubAppLogin(app, { cas: [way.ca, ca], clientCertificate, proxy: by }, context);
    }
    case 'aws':
      return (await loadAws()).codeCommitLogin(provider, context);
    case 'azure':
      return (await loadAzure()).azureDevOpsLogin(provider, context);
  }
}

function refusalOf({ provider: asked }: GitLoginRequest, cause: unknown): AppError {
  if (asked.provider !== 'github') {
    const { provider } = asked;
    return cloudRefusal({ code: 'git/unauthorized', provider }, MENDS[provider], cause);
  }
  const { host } = new URL(asked.app.apiUrl);
  const text = `${host} gives GitHub App ${asked.app.id} no token in time`;
  return new AppError('git/unreachable', text, { retry: true, cause });
}
