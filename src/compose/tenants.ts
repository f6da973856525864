import type { CloudProvider } from '../domain/cloud-registry.ts';
import { AppError } from '../domain/errors.ts';
import { isSshUrl } from '../domain/resources/git-names.ts';
import type { GitAccess } from '../ports/ports.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What programs need in order to run and to reach the network; no login, no set-up of a user's. */
const LENT: ReadonlySet<string> = new Set([
  'PATH',
  'LD_LIBRARY_PATH',
  'TMPDIR',
  'TZ',
  'GIT_EXEC_PATH',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
]);

/**
 * The environment in which Git works for tenants: without this process's own Git and SSH set-up,
 * which may hold credential helpers, keys and agents, and without the Secrets in its variables.
 */
export function tenantEnvironment(env: Environment): Environment {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => LENT.has(name))),
    // Not just left out: without HOME, `.netrc` is looked for in the home of the user database.
    HOME: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
}

/**
 * Checks that a tenant's repo is at a server, and that the tenant brings what SSH needs: a client
 * without a key of the tenant's would try this process's own, and trust the hosts that it knows.
 * @throws AppError `resource/invalid`
 */
export function checkTenantRepo({ url, ssh }: GitAccess): void {
  const isSsh = isSshUrl(url);
  if (!isSsh && !/^https?:\/\//i.test(url)) {
    throw new AppError(
      'resource/invalid',
      'spec.git.url: in a cluster a repo is reached by https://, http:// or ssh://',
    );
  }
  if (isSsh && ssh === undefined) {
    throw new AppError(
      'resource/invalid',
      'spec.git.secretRef: a repo over SSH needs a Secret with identity and known_hosts',
    );
  }
}

/**
 * Checks that the operator lends this process's own identity at a cloud: whoever may create a policy may see,
 * by its choice, what tags that identity can read, and with an automation what it can read and write in repos.
 * @param field that asks for it, for messages
 * @throws AppError `resource/not-supported`
 */
export function checkTenantCloud(
  provider: CloudProvider,
  allowed: readonly CloudProvider[],
  field: string,
): void {
  if (allowed.includes(provider)) return;
  throw new AppError(
    'resource/not-supported',
    `${field}: this controller does not lend its own identity at ${provider}; start it with --allow-provider ${provider}, or name a Secret`,
  );
}
