import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { TrustedKey } from '../../domain/signature/signature-requirement.ts';

/** A key that can check signatures. */
export interface PublicKey {
  readonly name: string;
  /** Is this a signature by the key, over these very bytes? Never throws. */
  readonly verifies: (content: Uint8Array, signature: Uint8Array) => boolean;
}

/** Shorter RSA keys can be broken, and no tool has made them for years. */
const MIN_RSA_BITS = 2048;

/** Hashes that cosign signs with, by curve: SHA-256 for all of them until version 2, later one as long as the key. */
const HASHES_OF_CURVE: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha256', 'sha384'],
  secp521r1: ['sha256', 'sha512'],
};

/** @throws AppError `secret/invalid` for what is no public key, or none that cosign signs with */
export function readPublicKey({ name, pem }: TrustedKey): PublicKey {
  const key = parsePem(name, pem);
  const hashes = hashesFor(name, key);
  return {
    name,
    verifies: (content, signature) =>
      hashes.some((hash) => isSigned(hash, key, content, signature)),
  };
}

function parsePem(name: string, pem: string): KeyObject {
  // A certificate or a private key would be taken for its public key: neither belongs here.
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem)) throw notAKey(name);
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw notAKey(name, cause);
  }
}

function notAKey(name: string, cause?: unknown): AppError {
  return new AppError('secret/invalid', `${name} is not a public key in PEM`, { cause });
}

/** Hash names as Node takes them; undefined where the scheme has its own (not Ed25519ph, which Node lacks). */
function hashesFor(name: string, key: KeyObject): readonly (string | undefined)[] {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519') return [undefined];
  if (kind === 'rsa' && modulusLength >= MIN_RSA_BITS) return ['sha256'];
  const hashes = kind === 'ec' ? HASHES_OF_CURVE[namedCurve] : undefined;
  if (hashes !== undefined) return hashes;
  throw new AppError(
    'secret/invalid',
    `${name} is a key of a kind that is not supported; it may be ECDSA (P-256, P-384, P-521), RSA of ${MIN_RSA_BITS} bits or more, or Ed25519`,
  );
}

function isSigned(
  hash: string | undefined,
  key: KeyObject,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, content, key, signature);
  } catch {
    return false; // OpenSSL cannot read the signature at all
  }
}
