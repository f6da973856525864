import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { StateFiles } from '../../ports/ports.ts';

/**
 * JSON documents in a folder, each replaced atomically. A damaged one counts as absent.
 * @param version of the program, for conclusions that another version may draw differently: a document
 * of another version counts as absent too, and so does one that is not, to the byte, what was saved. A disk that
 * lost power may hold such a one, and nobody would doubt what it says.
 */
export function stateFiles(folder: string, version?: string): StateFiles {
  return {
    async load(name) {
      try {
        const text = await readFile(join(folder, fileName(name)), 'utf8');
        const body = version === undefined ? text : unsealed(text, version);
        return body === undefined ? undefined : (JSON.parse(body) as unknown);
      } catch {
        return undefined;
      }
    },
    async save(name, value) {
      const path = join(folder, fileName(name));
      const draft = `${path}.${process.pid}.tmp`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const body = JSON.stringify(value);
        const text = version === undefined ? body : sealed(body, version);
        await writeFile(draft, text, { mode: 0o600 });
        await rename(draft, path);
      } catch (cause) {
        const { code = 'failed' } = cause as NodeJS.ErrnoException;
        const mend = 'name a folder with room by --state-dir or LOCKKEEPER_CACHE_DIR';
        throw new AppError('file/unreadable', `cannot write ${path} (${code}); ${mend}`, { cause });
      }
    },
  };
}

/** A document below a line that says who wrote it, and what it has to be. */
function sealed(body: string, version: string): string {
  return `${JSON.stringify({ version, sha256: sha256(body) })}\n${body}`;
}

/** The inverse of {@link sealed}. @returns undefined unless it is what this version wrote */
function unsealed(text: string, version: string): string | undefined {
  const lineEnd = text.indexOf('\n');
  const body = text.slice(lineEnd + 1);
  return text === sealed(body, version) ? body : undefined;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A readable beginning, and a hash that keeps different names apart. */
function fileName(name: string): string {
  if (/^[a-z][a-z0-9-]{0,40}$/.test(name)) return `${name}.json`;
  const hash = sha256(name).slice(0, 16);
  return `${name.split(' ', 1)[0]?.replaceAll(/[^a-z0-9-]/g, '') ?? ''}-${hash}.json`;
}
