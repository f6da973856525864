import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Programs that registry tests need besides Node. */
export type RegistryPart = 'distribution' | 'docker-registry' | 'openssl';

const BUILD_SCRIPT = fileURLToPath(new URL('../../tools/build.mjs', import.meta.url));

/** How to get a part, for the line that says why tests were skipped. */
const MEND: Readonly<Record<RegistryPart, string>> = {
  distribution: 'run `npm run testbin` (needs Go) or set TEST_REGISTRY_BIN',
  'docker-registry': 'install the package docker-registry',
  openssl: 'install openssl',
};

/** Path of a real registry's binary, or undefined when this machine has none. */
export function findRegistryBinary(kind: 'distribution' | 'docker-registry'): string | undefined {
  if (kind === 'docker-registry') return isOnPath(kind, '--version') ? kind : undefined;
  const given = process.env['TEST_REGISTRY_BIN'];
  if (given !== undefined && given !== '') return existsSync(given) ? given : undefined;
  const { status, stdout } = spawnSync(process.execPath, [BUILD_SCRIPT, '--find', 'registry'], {
    encoding: 'utf8',
  });
  return status === 0 ? /^registry (.+)$/m.exec(stdout)?.[1] : undefined;
}

/**
 * For `describe.skipIf`: true, with one line saying what to install, when a part is missing.
 * @throws Error instead when `CI=true`: there, a skipped test would go unnoticed
 */
export function skipWithout(...parts: readonly RegistryPart[]): boolean {
  const missing = parts.filter((part) => !isPresent(part));
  if (missing.length === 0) return false;
  const line = missing.map((part) => `${part} is missing: ${MEND[part]}`).join('; ');
  if (process.env['CI'] === 'true') throw new Error(`real registry tests cannot run: ${line}`);
  console.warn(`real registry tests skipped: ${line}`);
  return true;
}

function isPresent(part: RegistryPart): boolean {
  return part === 'openssl'
    ? isOnPath('openssl', 'version')
    : findRegistryBinary(part) !== undefined;
}

function isOnPath(program: string, versionFlag: string): boolean {
  return spawnSync(program, [versionFlag], { stdio: 'ignore' }).error === undefined;
}
