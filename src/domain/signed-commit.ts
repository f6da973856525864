/**
 * A commit object's content with a signature: a header before the message, whose further lines follow a
 * space. What was signed is the content without it (gitformat-signature, "Commit signatures").
 */
export function withSignature(content: Uint8Array, armored: string): Uint8Array {
  const end = endOfHeaders(content);
  const header = `gpgsig ${armored.trim().replaceAll(/\r?\n/g, '\n ')}\n`;
  const bytes = new TextEncoder().encode(header);
  const signed = new Uint8Array(content.length + bytes.length);
  signed.set(content.subarray(0, end));
  signed.set(bytes, end);
  signed.set(content.subarray(end), end + bytes.length);
  return signed;
}

/** Where the empty line stands that ends the headers. */
function endOfHeaders(content: Uint8Array): number {
  const LF = 10;
  const at = content.findIndex((byte, index) => byte === LF && content[index + 1] === LF);
  return at < 0 ? content.length : at + 1;
}
