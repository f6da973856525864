import { readFile } from 'node:fs/promises';
import { applyDelta, deltaSizes, type DeltaSizes } from './delta.ts';
import type { GitObject } from './git-object.ts';
import { inflate, readBaseLink, readHeader, TYPES } from './pack-format.ts';

/** Delta bases kept for the next objects of their chain, in bytes. */
const BASE_CACHE_BYTES = 16 * 1024 * 1024;

/** An index begins with eight bytes and 256 running totals, the last of which counts all; then come the ids. */
const FANOUT_OFFSET = 8;
const COUNT_OFFSET = FANOUT_OFFSET + 255 * 4;
const NAMES_OFFSET = FANOUT_OFFSET + 256 * 4;
const ID_BYTES = 20;

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

  /** Ids of all objects. */
  *ids(): Generator<string> {
    const count = this.#index.readUInt32BE(COUNT_OFFSET);
    for (let position = 0; position < count; position += 1) {
      const at = NAMES_OFFSET + position * ID_BYTES;
      yield this.#index.toString('hex', at, at + ID_BYTES);
    }
  }

  /** Is the object in this pack? */
  has(id: string): boolean {
    return this.#offsetOf(id) !== undefined;
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
    const count = index.readUInt32BE(COUNT_OFFSET);
    let low = first === 0 ? 0 : index.readUInt32BE(FANOUT_OFFSET + (first - 1) * 4);
    let high = index.readUInt32BE(FANOUT_OFFSET + first * 4);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = NAMES_OFFSET + middle * ID_BYTES;
      const order = wanted.compare(index, at, at + ID_BYTES);
      if (order === 0) return this.#offsetAt(count, middle);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return undefined;
  }

  #offsetAt(count: number, position: number): number {
    // Behind the ids stands a checksum for each.
    const offsets = NAMES_OFFSET + count * (ID_BYTES + 4);
    const offset = this.#index.readUInt32BE(offsets + position * 4);
    if (offset < 0x80000000) return offset;
    const large = offsets + count * 4 + (offset - 0x80000000) * 8;
    return Number(this.#index.readBigUInt64BE(large));
  }

  #readAt(pack: Buffer, offset: number, maxBytes: number): GitObject | 'too-large' {
    // Down to an object that is whole, then up again: a loop, since a chain may be thousands long.
    const deltas = new Map<number, Delta>();
    let at = offset;
    let object = this.#readWhole(pack, at, maxBytes);
    while (object === undefined) {
      if (deltas.has(at)) throw new Error('its deltas go round in a circle');
      const delta = this.#readDelta(pack, at);
      if (at === offset && delta.sizes.result > maxBytes) return 'too-large';
      deltas.set(at, delta);
      at = delta.base;
      object = this.#readWhole(pack, at, Infinity);
    }
    if (object === 'too-large') return object;
    for (const [place, { bytes, sizes }] of [...deltas].toReversed()) {
      if (object.bytes.length !== sizes.base) throw new Error('a delta is off');
      const made = { type: object.type, bytes: applyDelta(object.bytes, bytes, sizes) };
      object = this.#remember(place, made);
    }
    return object;
  }

  /** @returns undefined when it is a delta */
  #readWhole(pack: Buffer, offset: number, maxBytes: number): GitObject | 'too-large' | undefined {
    const cached = this.#bases.get(offset);
    if (cached !== undefined) return cached;
    const { code, size, next } = readHeader(pack, offset);
    const type = TYPES[code];
    if (type === undefined) return undefined;
    if (size > maxBytes) return 'too-large';
    return this.#remember(offset, { type, bytes: inflate(pack, next, size) });
  }

  #readDelta(pack: Buffer, offset: number): Delta {
    const { code, size, next } = readHeader(pack, offset);
    const link = readBaseLink(pack, { code, offset, next });
    const base = typeof link.base === 'number' ? link.base : this.#offsetOf(link.base);
    if (base === undefined) throw new Error(`its base ${link.base} is not in the same pack`);
    const bytes = inflate(pack, link.dataAt, size);
    return { base, bytes, sizes: deltaSizes(bytes) };
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

/** An object as it differs from another of the pack. */
interface Delta {
  /** Where that other is. */
  readonly base: number;
  readonly bytes: Buffer;
  readonly sizes: DeltaSizes;
}
