import { createHash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import type { GitObject } from './git-object.ts';
import { ID_DELTA, inflateLimits, readBaseLink, readHeader, TYPES } from './pack-format.ts';

/** Signature, version and count of objects. */
const HEADER_BYTES = 12;
const COUNT_AT = 8;
const TRAILER_BYTES = 20;

/**
 * Makes a pack stand on its own. A fetch leaves out objects that are here already ("thin",
 * gitformat-pack) and names them as bases of deltas; they are put before the others, where whoever goes
 * through the pack meets them first (`git index-pack --fix-thin` does the like). Without that two packs
 * could each hold an object as a delta of the other's, and neither could ever be read.
 * @param find an object that is here; undefined when it is not
 * @throws Error when the pack is not as its checksum says
 */
export async function completePack(
  pack: Buffer,
  find: (id: string) => Promise<GitObject | undefined>,
): Promise<Buffer> {
  const content = pack.subarray(0, pack.length - TRAILER_BYTES);
  if (!sha1(content).equals(pack.subarray(content.length))) throw new Error('a pack is damaged');
  const bases: Buffer[] = [];
  for (const id of namedBases(pack)) {
    const base = await find(id);
    // What is not here is in the pack itself.
    if (base !== undefined) bases.push(entryOf(base));
  }
  if (bases.length === 0) return pack;
  const [header, entries] = [content.subarray(0, HEADER_BYTES), content.subarray(HEADER_BYTES)];
  const body = Buffer.concat([header, ...bases, entries]);
  body.writeUInt32BE(pack.readUInt32BE(COUNT_AT) + bases.length, COUNT_AT);
  return Buffer.concat([body, sha1(body)]);
}

/** A pack of these objects, each whole. */
export async function packOf(
  ids: ReadonlySet<string>,
  read: (id: string) => Promise<GitObject>,
): Promise<Buffer> {
  const header = Buffer.from('PACK\0\0\0\u0002\0\0\0\0');
  header.writeUInt32BE(ids.size, COUNT_AT);
  const parts: Buffer[] = [header];
  for (const id of ids) parts.push(entryOf(await read(id)));
  const body = Buffer.concat(parts);
  return Buffer.concat([body, sha1(body)]);
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** Ids by which deltas name their bases. */
function namedBases(pack: Buffer): ReadonlySet<string> {
  const ids = new Set<string>();
  const count = pack.readUInt32BE(COUNT_AT);
  let offset = HEADER_BYTES;
  for (let index = 0; index < count; index += 1) {
    const { code, size, next } = readHeader(pack, offset);
    if (TYPES[code] !== undefined) {
      offset = next + deflatedLength(pack, next, size);
      continue;
    }
    const { base, dataAt } = readBaseLink(pack, { code, offset, next });
    if (code === ID_DELTA) ids.add(String(base));
    offset = dataAt + deflatedLength(pack, dataAt, size);
  }
  return ids;
}

/** How many bytes of a pack an entry's content takes: only inflating it tells. */
function deflatedLength(pack: Buffer, at: number, size: number): number {
  const options = { ...inflateLimits(size), info: true };
  const { engine } = inflateSync(pack.subarray(at), options) as unknown as {
    readonly engine: { readonly bytesWritten: number };
  };
  return engine.bytesWritten;
}

/** A whole object as an entry of a pack. */
function entryOf({ type, bytes }: GitObject): Buffer {
  const [code] = Object.entries(TYPES).find(([, name]) => name === type) ?? ['0'];
  const header = [(Number(code) << 4) | (bytes.length & 15)];
  for (let rest = Math.floor(bytes.length / 16); rest > 0; rest = Math.floor(rest / 128)) {
    header.push((header.pop() ?? 0) | 128, rest & 127);
  }
  return Buffer.concat([Buffer.from(header), deflateSync(bytes)]);
}
