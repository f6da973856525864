import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { AppError } from '../../../domain/errors.ts';
import type { GitObject } from './git-object.ts';
import { PackReader } from './pack-reader.ts';

/** A loose object above this is not a manifest. */
const MAX_OBJECT_BYTES = 256 * 1024 * 1024;

/**
 * Reads the objects of a bare repo. isomorphic-git does the same, but inflates in JavaScript and
 * looks for a loose file first each time: 1.2 ms per blob, against 0.05 ms here.
 */
export class ObjectFiles {
  readonly #objectsDir: string;
  #packs: readonly PackReader[] | undefined;

  constructor(gitDir: string) {
    this.#objectsDir = join(gitDir, 'objects');
  }

  /** Forgets what packs there are; call it after one was added. */
  refresh(): void {
    this.#packs = undefined;
  }

  /**
   * @returns undefined when it is larger than `maxBytes`, which packed objects say beforehand
   * @throws AppError `git/store` when it is missing or damaged
   */
  async read(id: string, maxBytes = MAX_OBJECT_BYTES): Promise<GitObject | undefined> {
    const object = await this.#readChecked(id, maxBytes);
    if (object === undefined) throw unreadable(id, new Error('it is not there'));
    return object === 'too-large' ? undefined : object;
  }

  /** An object of any size. @throws AppError `git/store` when it is missing or damaged */
  async readWhole(id: string): Promise<GitObject> {
    const object = await this.read(id);
    if (object === undefined) throw unreadable(id, new Error('it is too large'));
    return object;
  }

  /** The object, or undefined when it is not there. @throws AppError `git/store` when it is damaged */
  async readIfPresent(id: string): Promise<GitObject | undefined> {
    const object = await this.#readChecked(id, MAX_OBJECT_BYTES);
    return object === 'too-large' ? undefined : object;
  }

  /** Is there such an object? It is not read. */
  async has(id: string): Promise<boolean> {
    this.#packs ??= await this.#openPacks();
    if (this.#packs.some((pack) => pack.has(id))) return true;
    return stat(this.#looseFile(id)).then(
      () => true,
      () => false,
    );
  }

  async #readChecked(id: string, maxBytes: number): Promise<GitObject | 'too-large' | undefined> {
    try {
      const object = await this.#find(id, maxBytes);
      if (object === undefined || object === 'too-large') return object;
      if (hashOf(object) !== id) throw new Error('its content is not what its id says');
      return object.bytes.length > maxBytes ? 'too-large' : object;
    } catch (cause) {
      throw unreadable(id, cause);
    }
  }

  /** As {@link read}, for an object of a known type. */
  async readAs(type: GitObject['type'], id: string): Promise<Buffer> {
    const object = await this.readWhole(id);
    if (object.type === type) return object.bytes;
    throw new AppError('git/store', `object ${id} in the local Git store is not a ${type}`);
  }

  async #find(id: string, maxBytes: number): Promise<GitObject | 'too-large' | undefined> {
    try {
      return await this.#lookFor(id, maxBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Packs were merged in between.
      this.refresh();
      return this.#lookFor(id, maxBytes);
    }
  }

  async #lookFor(id: string, maxBytes: number): Promise<GitObject | 'too-large' | undefined> {
    this.#packs ??= await this.#openPacks();
    for (const pack of this.#packs) {
      const found = await pack.read(id, maxBytes);
      if (found !== undefined) return found;
    }
    return this.#readLoose(id);
  }

  async #openPacks(): Promise<readonly PackReader[]> {
    const folder = join(this.#objectsDir, 'pack');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.idx'));
    return Promise.all(names.map((name) => PackReader.open(join(folder, name.slice(0, -4)))));
  }

  async #readLoose(id: string): Promise<GitObject | undefined> {
    const file = await readFile(this.#looseFile(id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    const bytes = inflateSync(file, { maxOutputLength: MAX_OBJECT_BYTES });
    const end = bytes.indexOf(0);
    const type = bytes.toString('latin1', 0, end).split(' ')[0];
    return { type: type as GitObject['type'], bytes: bytes.subarray(end + 1) };
  }

  #looseFile(id: string): string {
    return join(this.#objectsDir, id.slice(0, 2), id.slice(2));
  }
}

function unreadable(id: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError('git/store', `the local Git store cannot read object ${id} (${reason})`, {
    cause,
    retry: true,
  });
}

/** An object's id: SHA-1 over its header and content. */
function hashOf({ type, bytes }: GitObject): string {
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}
