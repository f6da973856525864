import { inflateSync } from 'node:zlib';
import type { GitObject } from './git-object.ts';

/** Types of entries that hold an object whole (gitformat-pack). */
export const TYPES: Readonly<Record<number, GitObject['type']>> = {
  1: 'commit',
  2: 'tree',
  3: 'blob',
  4: 'tag',
};
/** A header may say anything: no object is larger than the largest pack that is taken in. */
const MAX_OBJECT_BYTES = 512 * 1024 * 1024;
const MAX_CHUNK_BYTES = 1024 * 1024;

const OFFSET_DELTA = 6;
/** Type of an entry whose base is named by its id. */
export const ID_DELTA = 7;

/** Where a delta's base is: an offset in the same pack, or an object id. */
export interface BaseLink {
  readonly base: number | string;
  /** Where the deflated delta starts. */
  readonly dataAt: number;
}

/** Reads where a delta's base is. @param next where it says so: behind the entry's header */
export function readBaseLink(
  pack: Buffer,
  { code, offset, next }: { code: number; offset: number; next: number },
): BaseLink {
  if (code === ID_DELTA) return { base: pack.toString('hex', next, next + 20), dataAt: next + 20 };
  if (code !== OFFSET_DELTA) throw new Error('a pack holds an entry of unknown type');
  const distance = readOffset(pack, next);
  return { base: offset - distance.value, dataAt: distance.next };
}

/**
 * How much may come out of an entry, and in what pieces.
 * @param size as its header says
 * @throws Error when that is more than any object here may have
 */
export function inflateLimits(size: number): {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
} {
  if (size > MAX_OBJECT_BYTES) throw new Error('a pack holds an object that is too large');
  const chunkSize = Math.min(Math.max(64, size + 1), MAX_CHUNK_BYTES);
  return { chunkSize, maxOutputLength: Math.max(1, size) };
}

/** The content of an entry. @throws Error when it is not as large as its header says */
export function inflate(pack: Buffer, at: number, size: number): Buffer {
  const bytes = inflateSync(pack.subarray(at), inflateLimits(size));
  if (bytes.length !== size) throw new Error('an object is shorter than its header says');
  return bytes;
}

/** Type and size of a pack entry: three bits of type, then the size in groups of 4, 7, 7 … bits. */
export function readHeader(
  pack: Buffer,
  offset: number,
): { code: number; size: number; next: number } {
  let at = offset;
  let byte = pack.readUInt8(at++);
  const code = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; (byte & 128) !== 0; scale *= 128) {
    byte = pack.readUInt8(at++);
    size += (byte & 127) * scale;
  }
  return { code, size, next: at };
}

/** Distance back to a delta's base: big-endian groups of 7 bits, each continuation adding one. */
function readOffset(pack: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let byte = pack.readUInt8(at++);
  let value = byte & 127;
  while ((byte & 128) !== 0) {
    byte = pack.readUInt8(at++);
    value = (value + 1) * 128 + (byte & 127);
  }
  return { value, next: at };
}
