import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import type { GitObject } from './git-object.ts';

/** Delta bases kept for the next objects of their chain, in bytes. */
const BASE_CACHE_BYTES = 16 * 1024 * 1024;

const TYPES: Readonly<Record<number, GitObject['type']>> = {
  1: 'commit',
  2: 'tree',
  3: 'blob',
  4: 'tag',
};
const OFFSET_DELTA = 6;
const ID_DELTA = 7;

/** Finds the base of a delta in another pack: a fetch may leave out what is already here ("thin"). */
export type FindBase = (id: string) => Promise<GitObject | undefined>;

/** One pack with its index of version 2 (gitformat-pack); the pack is held in memory once read. */
export class PackReader {
  readonly #path: string;
  readonly #index: Buffer;
  readonly #findBase: FindBase;
  #pack: Promise<Buffer> | undefined;
  readonly #bases = new Map<number, GitObject>();
  #basesBytes = 0;

  private constructor(path: string, index: Buffer, findBase: FindBase) {
    this.#path = path;
    this.#index = index;
    this.#findBase = findBase;
    if (index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2) {
      throw new Error(`${path}.idx is no pack index of version 2`);
    }
  }

  /** @param path the pack's without `.pack` */
  static async open(path: string, findBase: FindBase): Promise<PackReader> {
    return new PackReader(path, await readFile(`${path}.idx`), findBase);
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
    if (offset === undefined) return this.#findBase(String(base));
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

/** Where a delta's base is: an offset in the same pack, or an object id. */
interface BaseLink {
  readonly base: number | string;
  /** Where the deflated delta starts. */
  readonly dataAt: number;
}

function readBaseLink(
  pack: Buffer,
  { code, offset, next }: { code: number; offset: number; next: number },
): BaseLink {
  if (code === ID_DELTA) return { base: pack.toString('hex', next, next + 20), dataAt: next + 20 };
  if (code !== OFFSET_DELTA) throw new Error('a pack holds an entry of unknown type');
  const distance = readOffset(pack, next);
  return { base: offset - distance.value, dataAt: distance.next };
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at);
}

function inflate(pack: Buffer, at: number, size: number): Buffer {
  const bytes = inflateSync(pack.subarray(at), {
    chunkSize: Math.max(64, size + 1),
    maxOutputLength: Math.max(1, size),
  });
  if (bytes.length !== size) throw new Error('an object is shorter than its header says');
  return bytes;
}

/** Type and size of a pack entry: three bits of type, then the size in groups of 4, 7, 7 … bits. */
function readHeader(pack: Buffer, offset: number): { code: number; size: number; next: number } {
  let at = offset;
  let byte = byteAt(pack, at++);
  const code = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; (byte & 128) !== 0; scale *= 128) {
    byte = byteAt(pack, at++);
    size += (byte & 127) * scale;
  }
  return { code, size, next: at };
}

/** Distance back to a delta's base: big-endian groups of 7 bits, each continuation adding one. */
function readOffset(pack: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let byte = byteAt(pack, at++);
  let value = byte & 127;
  while ((byte & 128) !== 0) {
    byte = byteAt(pack, at++);
    value = (value + 1) * 128 + (byte & 127);
  }
  return { value, next: at };
}

interface DeltaSizes {
  readonly base: number;
  readonly result: number;
  /** Where the instructions start. */
  readonly next: number;
}

function deltaSizes(delta: Buffer): DeltaSizes {
  const base = readSize(delta, 0);
  const result = readSize(delta, base.next);
  return { base: base.value, result: result.value, next: result.next };
}

function readSize(delta: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = byteAt(delta, at++);
    value += (byte & 127) * scale;
    if ((byte & 128) === 0) return { value, next: at };
  }
}

/** Builds an object from its base: instructions copy from the base or insert what follows. */
function applyDelta(base: Buffer, delta: Buffer, sizes: DeltaSizes): Buffer {
  const result = Buffer.alloc(sizes.result);
  let to = 0;
  for (let at = sizes.next; at < delta.length;) {
    const instruction = byteAt(delta, at++);
    if ((instruction & 128) === 0) {
      if (instruction === 0) throw new Error('a delta holds an unknown instruction');
      to += delta.copy(result, to, at, at + instruction);
      at += instruction;
      continue;
    }
    const copy = readCopy(delta, at, instruction);
    to += base.copy(result, to, copy.offset, copy.offset + copy.size);
    at = copy.next;
  }
  if (to !== result.length) throw new Error('a delta does not fill its result');
  return result;
}

/** A copy instruction's offset (4 bytes) and size (3 bytes), of which only the flagged are there. */
function readCopy(
  delta: Buffer,
  start: number,
  instruction: number,
): { offset: number; size: number; next: number } {
  let at = start;
  const values = [0, 0];
  for (let bit = 0; bit < 7; bit++) {
    if ((instruction & (1 << bit)) === 0) continue;
    const [field, shift] = bit < 4 ? [0, bit] : [1, bit - 4];
    values[field] = (values[field] ?? 0) + byteAt(delta, at++) * 256 ** shift;
  }
  const [offset = 0, size = 0] = values;
  return { offset, size: size === 0 ? 0x10000 : size, next: at };
}
