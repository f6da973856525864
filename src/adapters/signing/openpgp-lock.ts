import type { PrivateKey } from 'openpgp';
import { z } from 'zod';

/**
 * How a passphrase becomes a key is written in each key and subkey (RFC 9580, section 3.7), and it is done in this process at one
 * stretch: a Secret of a tenant's must not be able to stop it, or to take its memory. gpg hashes 65 MB at most, which is all that
 * the format can say and takes about 0.1 s; Argon2 takes about 0.3 s for a pass over 64 MiB, which is what RFC 9580 recommends three of
 * where memory is scarce.
 */
const MAX_HASHED_BYTES = 512 * 1024 * 1024;
const MAX_ARGON2_KIB = 64 * 1024;
const MAX_ARGON2_KIB_PASSES = 8 * MAX_ARGON2_KIB;

/** As the library keeps it in a packet; `c` and `encodedM` are one octet each, coded as on the wire. */
const Lock = z.union([
  z.object({ type: z.literal('argon2'), t: z.int(), encodedM: z.int() }),
  z.object({ type: z.literal('iterated'), c: z.int() }),
  z.object({ type: z.enum(['simple', 'salted', 'gnu', 'gnu-dummy']) }),
]);

/** Would unlocking a key and all its subkeys take longer than anybody wants it to take? */
export function isCostlyToUnlock(key: PrivateKey): boolean {
  let hashedBytes = 0;
  let kibPasses = 0;
  for (const { keyPacket } of key.getKeys()) {
    const { s2k } = keyPacket as { readonly s2k?: unknown };
    if (s2k === undefined || s2k === null) continue;
    const { data: lock } = Lock.safeParse(s2k);
    if (lock === undefined) return true;
    if (lock.type === 'argon2') {
      const kib = 2 ** lock.encodedM;
      if (kib > MAX_ARGON2_KIB) return true;
      kibPasses += kib * lock.t;
    }
    if (lock.type === 'iterated') hashedBytes += (16 + (lock.c & 15)) * 2 ** ((lock.c >> 4) + 6);
  }
  return hashedBytes > MAX_HASHED_BYTES || kibPasses > MAX_ARGON2_KIB_PASSES;
}
