import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder that one process holds. The lock is a file `lock` with the holder's process id and start
 * time, so that a holder killed with SIGKILL, or whose number was given to another process since,
 * does not hold it for ever. The folder must be on a disk that only one machine uses.
 */
export interface FolderLock {
  release(): Promise<void>;
}

/** A takeover lasts milliseconds; one that is older than this was killed half-way. */
const STALE_TAKEOVER_MS = 60_000;

/** @returns undefined when a live process holds the folder */
export async function lockFolder(folder: string): Promise<FolderLock | undefined> {
  const path = join(folder, 'lock');
  const draft = join(folder, `lock.${process.pid}.${randomBytes(6).toString('hex')}`);
  await writeFile(draft, await ownIdentity(), { mode: 0o600 });
  try {
    const taken = (await tryLink(draft, path)) || (await takeOver(folder, draft, path));
    return taken ? { release: () => rm(path, { force: true }) } : undefined;
  } finally {
    await unlink(draft);
  }
}

/** Is the folder's lock held by a live process? */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const holder = await readHolder(join(folder, 'lock'));
  return holder !== undefined && (await isAlive(holder));
}

/** Replaces a dead holder's lock. Only one process at a time may try, or two could both succeed. */
async function takeOver(folder: string, draft: string, path: string): Promise<boolean> {
  if (await isFolderLocked(folder)) return false;
  const gate = join(folder, 'lock.takeover');
  try {
    await mkdir(gate);
  } catch {
    const age = await stat(gate).then(
      (info) => Date.now() - info.mtimeMs,
      () => 0,
    );
    if (age > STALE_TAKEOVER_MS) await rmdir(gate).catch(() => undefined);
    return false;
  }
  try {
    if (await isFolderLocked(folder)) return false;
    await rm(path, { force: true });
    return await tryLink(draft, path);
  } finally {
    await rmdir(gate);
  }
}

/** Creates the lock with its content in one step. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function ownIdentity(): Promise<string> {
  return `${process.pid} ${await startTime(process.pid)}\n`;
}

async function readHolder(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function isAlive(holder: string): Promise<boolean> {
  const [pidText = '', start = ''] = holder.trim().split(' ');
  const pid = Number.parseInt(pidText, 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return start === (await startTime(pid));
}

/** Start of a process in clock ticks since boot (proc(5), stat, field 22); `unknown` where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 2 is the program's name in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[19] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
