import { AppError } from '../../../domain/errors.ts';

/** One packet: its content, or a marker between sections (gitprotocol-common, gitprotocol-v2). */
export type Packet = Buffer | 'flush' | 'delimiter' | 'response-end';

/** Longest content of a packet. */
const MAX_PAYLOAD_BYTES = 65_516;

/** A line as a packet: four hex digits of length, then the line with its line end. */
export function packet(line: string): Buffer {
  const payload = Buffer.from(`${line}\n`);
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new AppError('git/unsupported', 'a line for the Git server is too long');
  }
  const length = (payload.length + 4).toString(16).padStart(4, '0');
  return Buffer.concat([Buffer.from(length), payload]);
}

export const FLUSH = Buffer.from('0000');
export const DELIMITER = Buffer.from('0001');

const MARKERS: Readonly<Record<number, Packet>> = {
  0: 'flush',
  1: 'delimiter',
  2: 'response-end',
};

/** Thrown for bytes that are no packets: the other side is no Git server, or the answer was cut. */
export class PacketError extends Error {}

/** Splits an answer into packets. @throws PacketError */
export function* packets(bytes: Buffer): Generator<Packet> {
  for (let at = 0; at < bytes.length;) {
    const digits = bytes.toString('latin1', at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new PacketError('not a packet');
    const length = Number.parseInt(digits, 16);
    const marker = MARKERS[length];
    if (marker !== undefined) {
      yield marker;
      at += 4;
      continue;
    }
    if (length < 4 || at + length > bytes.length) throw new PacketError('a packet was cut short');
    yield bytes.subarray(at + 4, at + length);
    at += length;
  }
}

/**
 * Where a pack starts that comes without side bands, as old servers send it: right behind the packets.
 * @returns the length of the answer when there is none
 */
export function barePackAt(answer: Buffer): number {
  let at = 0;
  while (at < answer.length && answer.toString('latin1', at, at + 4) !== 'PACK') {
    const length = Number.parseInt(answer.toString('latin1', at, at + 4), 16);
    // Whatever it is, it is no packet, and so no pack follows.
    if (Number.isNaN(length)) return answer.length;
    at += Math.max(4, length);
  }
  return Math.min(at, answer.length);
}

/** A packet's text without its line end. */
export function lineOf(content: Buffer): string {
  return content.toString('utf8').replace(/\n$/, '');
}

/** What came over the three side bands (gitprotocol-pack): data, progress, and a fatal error. */
export interface SideBands {
  readonly data: Buffer;
  readonly progress: string;
  readonly error: string;
}

/** Sorts packets by their band; packets that carry no band are left out. */
export function sideBands(all: Iterable<Packet>): SideBands {
  const data: Buffer[] = [];
  const text = { progress: '', error: '' };
  for (const item of all) {
    if (typeof item === 'string') continue;
    const rest = item.subarray(1);
    if (item[0] === 1) data.push(rest);
    if (item[0] === 2) text.progress += rest.toString('utf8');
    if (item[0] === 3) text.error += rest.toString('utf8');
  }
  return { data: Buffer.concat(data), ...text };
}
