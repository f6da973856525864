import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { Secrets } from '../../ports/ports.ts';

/** Largest value read: Kubernetes bounds a whole Secret at 1 MiB. */
const MAX_SECRET_BYTES = 1024 * 1024;

/** Kubernetes object names; also what keeps a name from leaving the folder. */
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/**
 * Secrets without a cluster, by the names that resources use. Looked up in this order:
 * - a folder `DIR/NAMESPACE/NAME` or `DIR/NAME`, one file per key, as Kubernetes mounts a Secret;
 * - environment variables `LOCKKEEPER_SECRET_<NAME>_<KEY>`, upper case, with `_` for anything else.
 * @param folder undefined: only the environment is asked
 */
export function localSecrets(
  folder: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Secrets {
  return {
    async get(namespace, name) {
      if (!NAME.test(name) || !NAME.test(namespace)) {
        throw new AppError('secret/invalid', `"${namespace}/${name}" is no name of a Secret`);
      }
      const folders =
        folder === undefined ? [] : [join(folder, namespace, name), join(folder, name)];
      for (const candidate of folders) {
        const values = await readFolder(candidate);
        if (values !== undefined) return values;
      }
      return fromEnvironment(name, env);
    },
    pullSecrets: async () => {
      throw new AppError(
        'resource/not-supported',
        'spec.serviceAccountName: ServiceAccounts are in clusters only; name the pull Secret by spec.secretRef',
      );
    },
  };
}

async function readFolder(folder: string): Promise<Record<string, string> | undefined> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    return undefined;
  }
  // `..data` and the like are how Kubernetes swaps a mounted Secret atomically.
  const keys = names.filter((key) => !key.startsWith('..'));
  const values: Record<string, string> = {};
  for (const key of keys) {
    const path = join(folder, key);
    const info = await stat(path);
    if (!info.isFile()) continue;
    if (info.size > MAX_SECRET_BYTES) {
      throw new AppError('secret/invalid', `${path} is larger than ${MAX_SECRET_BYTES} bytes`);
    }
    const text = await readFile(path, 'utf8');
    values[key] = ONE_LINERS.has(key) ? text.replace(/\r?\n$/, '') : text;
  }
  return Object.keys(values).length === 0 ? undefined : values;
}

/** Editors end files with a newline that is no part of these; a private key needs its own. */
const ONE_LINERS: ReadonlySet<string> = new Set([
  'username',
  'password',
  'bearerToken',
  'token',
  'address',
]);

/** Keys that an environment variable may carry, by the variable's ending. */
const ENV_KEYS: Readonly<Record<string, string>> = {
  USERNAME: 'username',
  PASSWORD: 'password',
  BEARERTOKEN: 'bearerToken',
  TOKEN: 'token',
  DOCKERCONFIGJSON: '.dockerconfigjson',
  CA_CRT: 'ca.crt',
  TLS_CRT: 'tls.crt',
  TLS_KEY: 'tls.key',
  ADDRESS: 'address',
  IDENTITY: 'identity',
  SSH_PRIVATEKEY: 'ssh-privatekey',
  KNOWN_HOSTS: 'known_hosts',
  GITHUBAPPID: 'githubAppID',
  GITHUBAPPINSTALLATIONID: 'githubAppInstallationID',
  GITHUBAPPINSTALLATIONOWNER: 'githubAppInstallationOwner',
  GITHUBAPPPRIVATEKEY: 'githubAppPrivateKey',
  GITHUBAPPBASEURL: 'githubAppBaseURL',
  COSIGN_PUB: 'cosign.pub',
  TRUSTED_ROOT_JSON: 'trusted_root.json',
};

function fromEnvironment(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> | undefined {
  const prefix = `LOCKKEEPER_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_`;
  const values = Object.entries(ENV_KEYS).flatMap(([ending, key]) => {
    const value = env[prefix + ending];
    return value === undefined ? [] : [[key, value] as const];
  });
  return values.length === 0 ? undefined : Object.fromEntries(values);
}
