/** How SSH writes a number of 32 bits (RFC 4251, section 5). */
export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** How SSH writes a string: its length, then its bytes (RFC 4251, section 5). */
export function wireString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}

/** Reads numbers and strings from the front of a text on, as long as there are any. */
export class WireReader {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  /** What is not read yet. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** @returns undefined where the text ends before */
  uint32(): number | undefined {
    if (this.#rest.length < 4) return undefined;
    const value = this.#rest.readUInt32BE();
    this.#rest = this.#rest.subarray(4);
    return value;
  }

  /** @returns undefined where the text ends before */
  string(): Buffer | undefined {
    const length = this.uint32();
    if (length === undefined || length > this.#rest.length) return undefined;
    const content = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return content;
  }
}
