/** What a delta is made for. In bytes. */
export interface DeltaSizes {
  readonly base: number;
  readonly result: number;
  /** Where the instructions start. */
  readonly next: number;
}

/** Reads the beginning of a delta. */
export function deltaSizes(delta: Buffer): DeltaSizes {
  const base = readSize(delta, 0);
  const result = readSize(delta, base.next);
  return { base: base.value, result: result.value, next: result.next };
}

function readSize(delta: Buffer, start: number): { value: number; next: number } {
  let at = start;
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = delta.readUInt8(at++);
    value += (byte & 127) * scale;
    if ((byte & 128) === 0) return { value, next: at };
  }
}

/**
 * Builds an object from its base: instructions copy from the base or insert what follows.
 * @throws Error when it does not come to the size that it says
 */
export function applyDelta(base: Buffer, delta: Buffer, sizes: DeltaSizes): Buffer {
  const result = Buffer.alloc(sizes.result);
  let to = 0;
  for (let at = sizes.next; at < delta.length;) {
    const instruction = delta.readUInt8(at++);
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
    values[field] = (values[field] ?? 0) + delta.readUInt8(at++) * 256 ** shift;
  }
  const [offset = 0, size = 0] = values;
  return { offset, size: size === 0 ? 0x10000 : size, next: at };
}
