import { readLock } from './openssh-lock.ts';
import { readPrivateKeyFile } from './private-key-file.ts';

/**
 * How often a passphrase is hashed to open a key is written in the key, and it is done in this process: a
 * Secret of a tenant's must not be able to stop it for days. A round of OpenSSH's takes about 0.03 s, in which others have
 * their turn; an iteration of PKCS #8's some µs, all of them at a stretch. `ssh-keygen` does 16 to 24 rounds unless it is told
 * otherwise, OpenSSL 2048 iterations.
 */
const MAX_BCRYPT_ROUNDS = 128;
const MAX_PBKDF2_ITERATIONS = 100_000;

/** PKCS #5, id-PBKDF2: 1.2.840.113549.1.5.12 in DER. */
const PBKDF2 = Buffer.from('06092a864886f70d01050c', 'hex');
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const INTEGER = 0x02;

/**
 * What it takes to open a private SSH key with its passphrase: `costly` is longer than anybody wants it to take,
 * `none` that the text is no private key in one of the forms that are looked into here.
 */
export function unlockCost(text: string): 'bearable' | 'costly' | 'none' {
  const bytes = readPrivateKeyFile(text)?.bytes;
  if (bytes === undefined) return 'none';
  const { rounds = 0 } = readLock(bytes) ?? {};
  const isCostly = rounds > MAX_BCRYPT_ROUNDS || pbkdf2Iterations(bytes) > MAX_PBKDF2_ITERATIONS;
  return isCostly ? 'costly' : 'bearable';
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
