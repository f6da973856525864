import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { Repository } from '../../domain/image-reference.ts';
import type { RegistryAccess } from '../../ports/registry.ts';
import { runCredentialHelper } from './credential-helper.ts';
import type { Credentials } from './credentials.ts';
import type { Deadline } from './deadline.ts';
import { credentialsIn, helperFor, parseDockerConfig } from './docker-config.ts';
import { systemCode } from './network-error.ts';

/** Where credentials come from when `access` names none, and what bounds the search. */
export interface AmbientConfig {
  /** Folder of Docker's `config.json`; undefined to look nowhere. */
  readonly dockerConfigDir: string | undefined;
  readonly deadline: Deadline;
}

/**
 * The credentials for a repository: those of `access`, else those of the user's own Docker
 * configuration with its credential helpers. Helpers named in a Secret are never run: whoever may
 * write a Secret must not run programs here.
 * @throws AppError `secret/invalid`, without a word of the content
 */
export async function findCredentials(
  repository: Repository,
  access: RegistryAccess,
  ambient: AmbientConfig,
): Promise<Credentials> {
  if (access.entraToken !== undefined) return { kind: 'anonymous' };
  if (access.basic !== undefined) return { kind: 'basic', ...access.basic };
  if (access.dockerConfigs !== undefined) {
    const configs = access.dockerConfigs.map(({ json, source }) => parseDockerConfig(json, source));
    return credentialsIn(configs, repository) ?? { kind: 'anonymous' };
  }
  if (ambient.dockerConfigDir === undefined) return { kind: 'anonymous' };
  const path = join(ambient.dockerConfigDir, 'config.json');
  const content = await readIfPresent(path);
  if (content === undefined) return { kind: 'anonymous' };
  const config = parseDockerConfig(content, path);
  const helper = helperFor(config, repository);
  const helped = helper && (await runCredentialHelper(helper, ambient.deadline));
  return helped ?? credentialsIn([config], repository) ?? { kind: 'anonymous' };
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw new AppError('file/unreadable', `${path}: cannot be read; check its permissions`, {
      cause: error,
    });
  }
}
