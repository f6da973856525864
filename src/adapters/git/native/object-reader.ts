import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { AppError } from '../../../domain/errors.ts';
import { cancelled, untilCancelled } from '../../../domain/cancellation.ts';
import { storeFailure } from './failures.ts';
import { endProcess, startGit } from './git-process.ts';

/**
 * Reads objects through long-lived `git cat-file` processes, one for contents and one for sizes, each started when
 * it is first asked. Requests are answered in order; callers bound the size of what they ask for.
 */
export class ObjectReader {
  readonly #gitDir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #sessions = new Map<Mode, Session>();

  constructor(gitDir: string, env: Readonly<Record<string, string>>) {
    this.#gitDir = gitDir;
    this.#env = env;
  }

  /** @throws AppError `git/store` when one is missing or damaged, `cancelled` */
  async read(ids: readonly string[], signal: AbortSignal): Promise<Uint8Array[]> {
    const found = await this.#request('--batch', ids, signal);
    return found.map((object, index) => {
      if (object !== undefined) return object.bytes;
      throw storeFailure('read an object', `${ids[index]} is missing`);
    });
  }

  /** As {@link read}, for one object that need not be there. */
  async readIfPresent(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return (await this.#request('--batch', [id], signal))[0]?.bytes;
  }

  /** Sizes in bytes, in the order asked for. @throws AppError `git/store` when one is missing, `cancelled` */
  async sizes(ids: readonly string[], signal: AbortSignal): Promise<number[]> {
    const found = await this.#request('--batch-check', ids, signal);
    return found.map((object, index) => {
      if (object !== undefined) return object.size;
      throw storeFailure('measure an object', `${ids[index]} is missing`);
    });
  }

  /** Those of these objects that are not here, each once. */
  async lacking(ids: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const once = [...new Set(ids)];
    const found = await this.#request('--batch-check', once, signal);
    return once.filter((_, index) => found[index] === undefined);
  }

  async #request(
    mode: Mode,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (FoundObject | undefined)[]> {
    if (signal.aborted) throw cancelled();
    if (ids.length === 0) return [];
    const open = this.#sessions.get(mode);
    const session =
      open === undefined || open.ended ? new Session(this.#gitDir, this.#env, mode) : open;
    this.#sessions.set(mode, session);
    return untilCancelled(session.request(ids), signal);
  }

  /** Ends the processes; a later read starts others. */
  close(): void {
    for (const session of this.#sessions.values()) session.end(cancelled());
    this.#sessions.clear();
  }
}

/** How `git cat-file` is asked: for contents, or for sizes alone. */
type Mode = '--batch' | '--batch-check';

const NOTHING = new Uint8Array();

interface FoundObject {
  readonly size: number;
  /** Empty where only the size was asked for. */
  readonly bytes: Uint8Array;
}

interface Waiter {
  /** Undefined: there is no such object. */
  readonly resolve: (object: FoundObject | undefined) => void;
  readonly reject: (error: AppError) => void;
}

/** One process and the reads that wait for it. */
class Session {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #mode: Mode;
  readonly #waiters: Waiter[] = [];
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Bytes that must be there before the next object is complete; 0 while its header is read. */
  #wanted = 0;
  #stderr = '';
  ended = false;

  constructor(gitDir: string, env: Readonly<Record<string, string>>, mode: Mode) {
    const args = [`--git-dir=${gitDir}`, 'cat-file', mode];
    this.#mode = mode;
    this.#child = startGit({ args, env });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < 4096) this.#stderr += chunk.toString('utf8');
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.on('error', () => this.end(storeFailure('read an object', 'git did not start')));
    this.#child.on('close', () => this.end(storeFailure('read an object', this.#stderr)));
  }

  request(ids: readonly string[]): Promise<(FoundObject | undefined)[]> {
    const answers = ids.map(
      () =>
        new Promise<FoundObject | undefined>((resolve, reject) => {
          this.#waiters.push({ resolve, reject });
        }),
    );
    this.#child.stdin.write(ids.map((id) => `${id}\n`).join(''));
    return Promise.all(answers);
  }

  end(reason: AppError): void {
    if (this.ended) return;
    this.ended = true;
    endProcess(this.#child);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#wanted) return;
    let bytes = Buffer.concat(this.#chunks);
    for (;;) {
      const taken = this.#takeObject(bytes);
      if (taken === 0) break;
      bytes = bytes.subarray(taken);
    }
    this.#chunks = [bytes];
    this.#buffered = bytes.length;
  }

  /** Hands the first object of `bytes` to its waiter. @returns how many bytes that took; 0: not complete */
  #takeObject(bytes: Buffer): number {
    this.#wanted = 0;
    const lineEnd = bytes.indexOf(10);
    if (lineEnd < 0) return 0;
    const header = bytes.toString('latin1', 0, lineEnd);
    const size = Number(/^[0-9a-f]+ \w+ (\d+)$/.exec(header)?.[1] ?? NaN);
    if (Number.isNaN(size)) {
      const waiter = this.#waiters.shift();
      if (header.endsWith(' missing')) waiter?.resolve(undefined);
      else waiter?.reject(storeFailure('read an object', header));
      return lineEnd + 1;
    }
    if (this.#mode === '--batch-check') {
      this.#waiters.shift()?.resolve({ size, bytes: NOTHING });
      return lineEnd + 1;
    }
    const end = lineEnd + 1 + size;
    if (bytes.length <= end) {
      this.#wanted = end + 1;
      return 0;
    }
    // A copy, so that one small blob does not keep a whole read buffer alive.
    const content = new Uint8Array(bytes.subarray(lineEnd + 1, end));
    this.#waiters.shift()?.resolve({ size, bytes: content });
    return end + 1;
  }
}
