/** Fails when a committed generated file is not what the built command generates today. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fresh = mkdtempSync(join(tmpdir(), 'lockkeeper-crds-'));
try {
  const { status } = spawnSync(process.execPath, ['dist/lockkeeper.js', 'crds', '--out', fresh], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('`lockkeeper crds` failed');
  const names = new Set([...list('crds'), ...list(fresh)]);
  if (names.size === 0) throw new Error('`lockkeeper crds` wrote nothing');
  const stale = [...names].filter((name) => read('crds', name) !== read(fresh, name));
  if (stale.length > 0)
    throw new Error(
      `not fresh: ${stale.map((name) => `crds/${name}`).join(', ')}; run: npm run gen`,
    );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true });
}

function list(folder) {
  if (!existsSync(folder)) return [];
  // The one file there that is written by hand: it lets kustomize take the folder as a base.
  return readdirSync(folder).filter((name) => name !== 'kustomization.yaml');
}

function read(folder, name) {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
