/**
 * How often a passphrase is hashed to open a key is written in the key, and it is done in this process: a
 * Secret of a tenant's must not be able to stop it for days. A round of OpenSSH's takes about 0.02 s, an iteration
 * of PKCS #8's some µs, and `ssh-keygen` does 16 to 24 rounds unless it is told otherwise.
 */
const MAX_BCRYPT_ROUNDS = 128;
const MAX_PBKDF2_ITERATIONS = 1_000_000;

/** PKCS #5, id-PBKDF2: 1.2.840.113549.1.5.12 in DER. */
const PBKDF2 = Buffer.from('06092a864886f70d01050c', 'hex');
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const INTEGER = 0x02;

/** One private key and nothing besides, as `ssh-keygen` and OpenSSL write it. */
const PRIVATE_KEY =
  /^-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----\r?\n((?:(?!-----)[^])*)-----END \1-----$/;

/**
 * What it takes to open a private SSH key with its passphrase: `costly` is longer than anybody wants it to take,
 * `none` that the text is no private key in one of the forms that are looked into here.
 */
export function unlockCost(text: string): 'bearable' | 'costly' | 'none' {
  const [, , body] = PRIVATE_KEY.exec(text.trim()) ?? [];
  if (body === undefined) return 'none';
  // The headers of old PEM files are not part of what is encoded.
  const lines = body.split('\n').filter((line) => !line.includes(':'));
  const bytes = Buffer.from(lines.join(''), 'base64');
  const isCostly =
    bcryptRounds(bytes) > MAX_BCRYPT_ROUNDS || pbkdf2Iterations(bytes) > MAX_PBKDF2_ITERATIONS;
  return isCostly ? 'costly' : 'bearable';
}

/** OpenSSH, PROTOCOL.key: magic, cipher, name of the hash, then its salt and rounds. */
function bcryptRounds(bytes: Buffer): number {
  const magic = Buffer.from('openssh-key-v1\0');
  if (!bytes.subarray(0, magic.length).equals(magic)) return 0;
  const cipher = field(bytes, magic.length);
  const hash = field(bytes, cipher.end);
  const options = field(bytes, hash.end).content;
  if (hash.content.toString('latin1') !== 'bcrypt') return 0;
  const { end } = field(options, 0);
  return end + 4 > options.length ? 0 : options.readUInt32BE(end);
}

/** A string with its length before it; what is cut off is left to who reads the key for good. */
function field(bytes: Buffer, at: number): { readonly content: Buffer; readonly end: number } {
  const length = at + 4 > bytes.length ? 0 : bytes.readUInt32BE(at);
  const end = at + 4 + length;
  return { content: bytes.subarray(at + 4, end), end };
}

/** RFC 8018, PBKDF2-params: a sequence of salt and iterations, all of them short. */
function pbkdf2Iterations(bytes: Buffer): number {
  const found = bytes.indexOf(PBKDF2);
  if (found < 0) return 0;
  const sequence = found + PBKDF2.length;
  const salt = sequence + 2;
  const count = salt + 2 + (bytes[salt + 1] ?? 0);
  const isAsWritten =
    bytes[sequence] === SEQUENCE && bytes[salt] === OCTETS && bytes[count] === INTEGER;
  const length = bytes[count + 1] ?? 0;
  // Another encoding of the same would get past: it is not opened at all.
  if (!isAsWritten || length === 0 || length > 6) return Infinity;
  return bytes.readUIntBE(count + 2, Math.min(length, bytes.length - count - 2));
}
