import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { StateFiles } from '../../ports/ports.ts';

/**
 * JSON documents in a folder, each replaced atomically. A damaged one counts as absent.
 * @param version of the program, for conclusions that another version may draw differently: a document
 * of another version counts as absent too
 */
export function stateFiles(folder: string, version?: string): StateFiles {
  return {
    async load(name) {
      try {
        const text = await readFile(join(folder, fileName(name)), 'utf8');
        const document = JSON.parse(text) as { version?: unknown; value?: unknown };
        if (version === undefined) return document;
        return document.version === version ? document.value : undefined;
      } catch {
        return undefined;
      }
    },
    async save(name, value) {
      const path = join(folder, fileName(name));
      const draft = `${path}.${process.pid}.tmp`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const document = version === undefined ? value : { version, value };
        await writeFile(draft, JSON.stringify(document), { mode: 0o600 });
        await rename(draft, path);
      } catch (cause) {
        const { code = 'failed' } = cause as NodeJS.ErrnoException;
        const mend = 'name a folder with room by --state-dir or LOCKKEEPER_CACHE_DIR';
        throw new AppError('file/unreadable', `cannot write ${path} (${code}); ${mend}`, { cause });
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
