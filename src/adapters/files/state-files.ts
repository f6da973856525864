import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { StateFiles } from '../../ports.ts';

/** JSON documents in a folder, each replaced atomically. A damaged one counts as absent. */
export function stateFiles(folder: string): StateFiles {
  return {
    async load(name) {
      try {
        return JSON.parse(await readFile(join(folder, fileName(name)), 'utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
    async save(name, value) {
      const path = join(folder, fileName(name));
      const draft = `${path}.${process.pid}.tmp`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(draft, JSON.stringify(value), { mode: 0o600 });
        await rename(draft, path);
      } catch (cause) {
        throw new AppError('file/unreadable', `cannot write ${path}`, { cause });
      }
    },
  };
}

/** A readable beginning, and a hash that keeps different names apart. */
function fileName(name: string): string {
  if (/^[a-z][a-z0-9-]{0,40}$/.test(name)) return `${name}.json`;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.split(' ', 1)[0]?.replaceAll(/[^a-z0-9-]/g, '') ?? ''}-${hash}.json`;
}
