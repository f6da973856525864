import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileWrite } from '../../ports/ports.ts';
import { isGone, ownMark } from './process-mark.ts';

/**
 * Notes what a commit is about to write, in the Git folder. When the process is killed between the
 * files and the commit, the next one puts the files back; otherwise it would find them changed, have
 * nothing to do, and leave a change in the folder that nobody committed.
 */
export class CommitJournal {
  readonly #path: string;

  constructor(gitDir: string) {
    this.#path = join(gitDir, 'lockkeeper', 'commit.json');
  }

  /** @param before what the files hold now, by paths from the top @param after what is about to be written */
  async begin(
    head: string,
    before: readonly FileWrite[],
    after: readonly FileWrite[],
  ): Promise<void> {
    const files = before.map(({ path, bytes }, index) => ({
      path,
      before: Buffer.from(bytes).toString('base64'),
      after: hashOf(after[index]?.bytes ?? Buffer.alloc(0)),
    }));
    const note: Note = { by: ownMark(), head, files };
    const draft = `${this.#path}.${randomUUID()}`;
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFile(draft, JSON.stringify(note), { mode: 0o600 });
    await rename(draft, this.#path);
  }

  async end(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /**
   * What a killed process wrote and did not commit.
   * @param readHead tells the commit that is checked out now
   * @param read tells what a file holds now
   * @returns the former content of those files that still hold what it wrote
   */
  async leftBehind(
    readHead: () => Promise<string>,
    read: (path: string) => Promise<Uint8Array>,
  ): Promise<FileWrite[]> {
    const note = await this.#read();
    if (note === undefined || !isGone(note.by)) return [];
    // Another commit since: it was made after all, or somebody took matters into their own hands.
    if ((await readHead()) !== note.head) return [];
    const restore: FileWrite[] = [];
    for (const { path, before, after } of note.files) {
      const now = await read(path).catch(() => undefined);
      if (now === undefined || hashOf(now) !== after) continue;
      restore.push({ path, bytes: Buffer.from(before, 'base64') });
    }
    return restore;
  }

  /** Is there a note of a process that ended? */
  async hasLeftBehind(): Promise<boolean> {
    const note = await this.#read();
    return note !== undefined && isGone(note.by);
  }

  async #read(): Promise<Note | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as Note;
    } catch {
      // None, or one whose content a power cut took: then nobody knows what was there before.
      return undefined;
    }
  }
}

/** Written whole by this class only, so it is believed. */
interface Note {
  readonly by: string;
  readonly head: string;
  /** Paths are relative to the work tree's top: the next process may open another folder in it. */
  readonly files: readonly {
    readonly path: string;
    readonly before: string;
    readonly after: string;
  }[];
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
