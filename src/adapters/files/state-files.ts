import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { StateFiles } from '../../ports.ts';

/** JSON documents in a folder, each replaced atomically. A damaged one counts as absent. */
export function stateFiles(folder: string): StateFiles {
  return {
    async load(name) {
      try {
        return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
    async save(name, value) {
      const path = join(folder, `${name}.json`);
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
