import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { FileWrite } from '../../ports/ports.ts';
import { isGone, ownMark } from './process-mark.ts';

const DRAFT = /^\.lockkeeper-(\d+-\d+)-[0-9a-f]{16}\.tmp$/;

/** Is this the name of a half-written file? */
export function isDraft(name: string): boolean {
  return DRAFT.test(name);
}

/**
 * Replaces files whole: a draft is written, flushed and renamed over the file. Drafts stand in the
 * repo's Git folder, where `git status` does not see them, or beside the file where that is another
 * file system; what a killed run left is removed by the next one.
 */
export class AtomicWriter {
  readonly #root: string;
  readonly #gitDir: string | undefined;

  /** @param root real path of the folder that is never left */
  constructor(root: string, gitDir: string | undefined) {
    this.#root = root;
    this.#gitDir = gitDir;
  }

  /**
   * @throws AppError `file/outside` for a path that leaves the folder or passes through a link,
   * `file/unreadable` when there is no such regular file or it cannot be written
   */
  async write(files: readonly FileWrite[], signal: AbortSignal): Promise<void> {
    const targets = [];
    for (const file of files) targets.push({ file, target: await this.#target(file.path) });
    const drafts = await this.#draftFolder();
    await removeAbandoned(new Set([drafts, ...targets.map(({ target }) => dirname(target))]));
    for (const { file, target } of targets) {
      if (signal.aborted) throw new AppError('cancelled', 'cancelled');
      try {
        await replace(target, file.bytes, drafts ?? dirname(target));
      } catch (cause) {
        throw unwritable(file.path, cause);
      }
    }
  }

  /** Current content of a file that is about to be written. @throws as {@link write} */
  async read(path: string): Promise<Uint8Array> {
    const target = await this.#target(path);
    return readFile(target).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
  }

  async #target(path: string): Promise<string> {
    const isInside =
      path !== '' && !posix.isAbsolute(path) && !path.split('/').some((part) => part === '..');
    const target = join(this.#root, path);
    const folder = isInside ? await realpath(dirname(target)).catch(() => undefined) : undefined;
    const info = folder === undefined ? undefined : await lstat(target).catch(() => undefined);
    if (!isInside || (folder !== undefined && folder !== dirname(target))) {
      throw new AppError('file/outside', 'the path leads out of the folder or through a link', {
        at: { path },
      });
    }
    if (info?.isFile() === true) return target;
    throw new AppError('file/unreadable', 'this is not a file that can be written', {
      at: { path },
    });
  }

  /** A folder for drafts on the files' own file system, if there is one. */
  async #draftFolder(): Promise<string | undefined> {
    if (this.#gitDir === undefined) return undefined;
    try {
      const folder = join(this.#gitDir, 'lockkeeper');
      await mkdir(folder, { recursive: true });
      const [here, there] = await Promise.all([lstat(folder), lstat(this.#root)]);
      return here.dev === there.dev ? folder : undefined;
    } catch {
      // A Git folder that cannot be written does not stop an edit without a commit.
      return undefined;
    }
  }
}

async function replace(target: string, bytes: Uint8Array, folder: string): Promise<void> {
  const { mode, uid, gid } = await lstat(target);
  const name = `.lockkeeper-${ownMark()}-${randomBytes(8).toString('hex')}.tmp`;
  const draft = join(folder, name);
  try {
    const handle = await open(draft, 'wx', mode & 0o777);
    try {
      await handle.writeFile(bytes);
      const made = await handle.stat();
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Removes drafts whose process is gone. */
async function removeAbandoned(folders: ReadonlySet<string | undefined>): Promise<void> {
  for (const folder of folders) {
    if (folder === undefined) continue;
    for (const name of await readdir(folder).catch(() => [])) {
      const mark = DRAFT.exec(name)?.[1];
      if (mark === undefined || !isGone(mark)) continue;
      await rm(join(folder, name), { force: true });
    }
  }
}

function unwritable(path: string, cause: unknown): AppError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new AppError('file/unreadable', `the file cannot be written (${reason})`, {
    cause,
    at: { path },
  });
}
