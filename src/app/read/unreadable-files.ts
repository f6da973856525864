import type { Finding } from '../../domain/errors.ts';
import { MAX_SEARCHED_BYTES } from '../../domain/manifest/decode.ts';
import type { FileEntry, FileSource } from '../../ports/files.ts';

/** A file that is too large even to look whether it holds something of ours. */
export function tooLarge(path: string): Finding {
  return {
    severity: 'error',
    code: 'file/too-large',
    message: `larger than ${MAX_SEARCHED_BYTES / 1024 / 1024} MiB; not read. Split it, or leave it out with spec.update.paths`,
    at: { path },
  };
}

/**
 * What is no file that can be read. Links inside the repo need no look (their target is read itself); links out of it
 * are reported, and so is what has a name that no text can say.
 */
export async function unreadableEntries(
  source: FileSource,
  entries: readonly FileEntry[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const links = entries.filter((entry) => entry.kind === 'symlink');
  const findings = entries.filter(({ kind }) => kind === 'unnamed').map(unnamed);
  for await (const { entry, bytes } of source.read(links, MAX_LINK_BYTES, signal)) {
    const target = bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    if (target !== undefined && staysInside(entry.path, target)) continue;
    findings.push({
      severity: 'error',
      code: 'file/outside',
      message:
        'symbolic link to a place outside the repo; it is never followed. Remove it, or leave it out with spec.update.paths',
      at: { path: entry.path },
    });
  }
  return findings;
}

function unnamed({ path }: FileEntry): Finding {
  return {
    severity: 'error',
    code: 'file/unreadable',
    message:
      'a name on the way to this file is not UTF-8, so that it is not read; rename it, or update the repo itself (--repo)',
    at: { path },
  };
}

/** Longest path that Linux resolves (PATH_MAX). */
const MAX_LINK_BYTES = 4096;

function staysInside(path: string, target: string): boolean {
  if (target.startsWith('/')) return false;
  let depth = path.split('/').length - 1;
  for (const segment of target.split('/')) {
    if (segment === '..') depth -= 1;
    else if (segment !== '.' && segment !== '') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}
