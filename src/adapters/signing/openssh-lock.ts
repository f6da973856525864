import bcrypt from 'bcrypt-pbkdf';
import { createDecipheriv, createHash, getCipherInfo } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { WireReader, wireString, wireUint32 } from './ssh-wire.ts';

/** First bytes of a key in OpenSSH's own format. */
const MAGIC = Buffer.from('openssh-key-v1\0');

/** A private key that a passphrase locks (OpenSSH, PROTOCOL.key). */
export interface LockedKey {
  /** As OpenSSH names it: `aes256-ctr`. */
  readonly cipher: string;
  readonly salt: Buffer;
  /** How often the passphrase is hashed. */
  readonly rounds: number;
  readonly publicKey: Buffer;
  readonly secret: Buffer;
}

/** Reads the lock of one key in OpenSSH's format. @returns undefined where there is none, or not of the kind that there is */
export function readLock(bytes: Buffer): LockedKey | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const file = new WireReader(bytes.subarray(MAGIC.length));
  const cipher = file.string()?.toString('latin1');
  const kdf = file.string()?.toString('latin1');
  const options = file.string();
  const keys = file.uint32();
  const publicKey = file.string();
  const secret = file.string();
  if (kdf !== 'bcrypt' || keys !== 1 || options === undefined) return undefined;
  const lock = new WireReader(options);
  const salt = lock.string();
  const rounds = lock.uint32();
  if (cipher === undefined || publicKey === undefined || secret === undefined) return undefined;
  if (salt === undefined || rounds === undefined) return undefined;
  return { cipher, salt, rounds, publicKey, secret };
}

/**
 * Opens the lock. A round takes tens of milliseconds: everything else has its turn between them.
 * @returns the key in OpenSSH's format without a lock; undefined for another passphrase, or a cipher that is not AES in
 * mode CBC or CTR, which are all that `ssh-keygen` locks with unless it is told otherwise
 */
export async function openLock(locked: LockedKey, passphrase: string): Promise<Buffer | undefined> {
  const [, bits, mode] = /^aes(128|192|256)-(cbc|ctr)$/.exec(locked.cipher) ?? [];
  const info = getCipherInfo(`aes-${bits}-${mode}`);
  const { keyLength, ivLength = 0 } = info ?? { keyLength: 0 };
  if (info === undefined || locked.secret.length % (info.blockSize ?? 16) !== 0) return undefined;
  const derived = await derive(passphrase, locked, keyLength + ivLength);
  const [key, iv] = [derived.subarray(0, keyLength), derived.subarray(keyLength)];
  const decipher = createDecipheriv(info.name, key, iv).setAutoPadding(false);
  const secret = Buffer.concat([decipher.update(locked.secret), decipher.final()]);
  // The same random number stands there twice.
  if (!secret.subarray(0, 4).equals(secret.subarray(4, 8))) return undefined;
  const none = wireString('none');
  const parts = [
    none,
    none,
    wireString(''),
    wireUint32(1),
    wireString(locked.publicKey),
    wireString(secret),
  ];
  return Buffer.concat([MAGIC, ...parts]);
}

/** bcrypt_pbkdf of OpenBSD: each hash of 32 bytes gives every so many-th byte of the result. */
async function derive(
  passphrase: string,
  { salt, rounds }: LockedKey,
  length: number,
): Promise<Buffer> {
  const derived = Buffer.alloc(length);
  const digest = sha512(Buffer.from(passphrase, 'utf8'));
  const stride = Math.ceil(length / bcrypt.HASHSIZE);
  for (let column = 0; column < stride; column++) {
    const sum = Buffer.alloc(bcrypt.HASHSIZE);
    let salted = Buffer.concat([salt, wireUint32(column + 1)]);
    for (let round = 0; round < rounds; round++) {
      const hash = Buffer.alloc(bcrypt.HASHSIZE);
      bcrypt.hash(digest, sha512(salted), hash);
      hash.forEach((byte, at) => (sum[at] = (sum[at] ?? 0) ^ byte));
      salted = hash;
      await setImmediate();
    }
    for (let at = 0; at * stride + column < length; at++) {
      derived[at * stride + column] = sum[at] ?? 0;
    }
  }
  return derived;
}

function sha512(content: Buffer): Buffer {
  return createHash('sha512').update(content).digest();
}
