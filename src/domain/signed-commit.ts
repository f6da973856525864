/**
 * A commit object's content with a signature, as Git itself puts it there: without the line end that armor ends in.
 * What was signed is the content without it (gitformat-signature, "Commit signatures").
 */
export function withSignature(content: Uint8Array, armored: string): Uint8Array {
  return withHeader(content, armored.trim().replaceAll('\r\n', '\n'));
}

/**
 * The commit object that GitHub made, from the two parts that its API tells (`verification.payload` and
 * `verification.signature`): GitHub puts a signature there with the line end that it ends in.
 */
export function gitHubCommit(payload: string, signature: string): Uint8Array {
  return withHeader(new TextEncoder().encode(payload), signature);
}

/** A header before the message, whose further lines follow a space. */
function withHeader(content: Uint8Array, signature: string): Uint8Array {
  const end = endOfHeaders(content);
  const header = `gpgsig ${signature.replaceAll('\n', '\n ')}\n`;
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
