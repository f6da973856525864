import { readFile } from 'node:fs/promises';
import { applyDelta, deltaSizes } from './delta.ts';
import type { GitObject } from './git-object.ts';
import { inflate, readBaseLink, readHeader, TYPES, type BaseLink } from './pack-format.ts';

/** Delta bases kept for the next objects of their chain, in bytes. */
const BASE_CACHE_BYTES = 16 * 1024 * 1024;

/**
 * One pack with its index of version 2 (gitformat-pack); the pack is held in memory once read. Every delta's
 * base is in the pack itself.
 */
export class PackReader {
  readonly #path: string;
  readonly #index: Buffer;
  #pack: Promise<Buffer> | undefined;
  readonly #bases = new Map<number, GitObject>();
  #basesBytes = 0;

  private constructor(path: string, index: Buffer) {
    this.#path = path;
    this.#index = index;
    if (index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2) {
      throw new Error(`${path}.idx is no pack index of version 2`);
    }
  }

  /** @param path the pack's without `.pack` */
  static async open(path: string): Promise<PackReader> {
    return new PackReader(path, await readFile(`${path}.idx`));
  }

  /** @returns undefined when the object is not in this pack */
  async read(id: string, maxBytes: number): Promise<GitObject | 'too-large' | undefined> {
    const offset = this.#offsetOf(id);
    if (offset === undefined) return undefined;
    this.#pack ??= readFile(`${this.#path}.pack`);
    return this.#readAt(await this.#pack, offset, maxBytes);
  }

  #offsetOf(id: string): number | undefined {
    const wanted = Buffer.from(id, 'hex');
    const index = this.#index;
    const first = wanted[0] ?? 0;
    const count = index.readUInt32BE(8 + 255 * 4);
    const names = 8 + 256 * 4;
    let low = first === 0 ? 0 : index.readUInt32BE(8 + (first - 1) * 4);
    let high = index.readUInt32BE(8 + first * 4);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = names + middle * 20;
      const order = wanted.compare(index, at, at + 20);
      if (order === 0) return this.#offsetAt(count, middle);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return undefined;
  }

  #offsetAt(count: number, position: number): number {
    const offsets = 8 + 256 * 4 + count * 24;
    const offset = this.#index.readUInt32BE(offsets + position * 4);
    if (offset < 0x80000000) return offset;
    const large = offsets + count * 4 + (offset - 0x80000000) * 8;
    return Number(this.#index.readBigUInt64BE(large));
  }

  async #readAt(pack: Buffer, offset: number, maxBytes: number): Promise<GitObject | 'too-large'> {
    const cached = this.#bases.get(offset);
    if (cached !== undefined) return cached;
    const { code, size, next } = readHeader(pack, offset);
    const type = TYPES[code];
    if (type !== undefined) {
      if (size > maxBytes) return 'too-large';
      return this.#remember(offset, { type, bytes: inflate(pack, next, size) });
    }
    const link = readBaseLink(pack, { code, offset, next });
    const delta = inflate(pack, link.dataAt, size);
    const sizes = deltaSizes(delta);
    if (sizes.result > maxBytes) return 'too-large';
    const base = await this.#readBase(pack, link);
    if (base === undefined || base.bytes.length !== sizes.base) throw new Error('a delta is off');
    return this.#remember(offset, { type: base.type, bytes: applyDelta(base.bytes, delta, sizes) });
  }

  async #readBase(pack: Buffer, { base }: BaseLink): Promise<GitObject | undefined> {
    const offset = typeof base === 'number' ? base : this.#offsetOf(base);
    if (offset === undefined) return undefined;
    const object = await this.#readAt(pack, offset, Infinity);
    return object === 'too-large' ? undefined : object;
  }

  #remember(offset: number, object: GitObject): GitObject {
    if (this.#basesBytes > BASE_CACHE_BYTES) {
      this.#bases.clear();
      this.#basesBytes = 0;
    }
    this.#bases.set(offset, object);
    this.#basesBytes += object.bytes.length;
    return object;
  }
}
