import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { KeyEncryptedError, KeyParseError, parsePrivateKey, type PrivateKey } from 'sshpk';
import type { SigningKey } from '../../ports/signing.ts';
import { unusableKey, type OpenedKey } from './opened-key.ts';
import { openLock, readLock } from './openssh-lock.ts';
import { readPrivateKeyFile, writePrivateKeyFile } from './private-key-file.ts';
import { wireString, wireUint32 } from './ssh-wire.ts';
import { unlockCost } from './unlock-cost.ts';

/** What Git's signatures are made for, so that they are good for nothing else (gitformat-signature). */
const NAMESPACE = 'git';
const HASH = 'sha512';
/** Width of an armored line, as ssh-keygen has it. */
const LINE_CHARS = 70;

const NO_KEY = 'this is not an SSH private key';
const WRONG_PASSPHRASE = 'the SSH key cannot be opened with this passphrase';

/**
 * Opens an SSH private key: what `ssh-keygen` writes, or PEM.
 * @throws AppError `secret/invalid` when it is none, is locked with another passphrase, or of a kind that
 * cannot sign
 */
export async function openSshKey(key: SigningKey): Promise<OpenedKey> {
  const parsed = await parse(key);
  const scheme = schemeOf(key, parsed);
  const privateKey = keyObject(parsed);
  const publicKey = parsed.toPublic().toBuffer('rfc4253', {});
  return {
    kind: 'key',
    check: async () => undefined,
    sign: async (content) => {
      const digest = createHash(HASH).update(content).digest();
      const claims = [wireString(NAMESPACE), wireString(''), wireString(HASH)];
      const signed = Buffer.concat([MAGIC, ...claims, wireString(digest)]);
      const signature = [wireString(scheme.name), wireString(scheme.sign(privateKey, signed))];
      const version = wireUint32(1);
      return armor(
        Buffer.concat([
          MAGIC,
          version,
          wireString(publicKey),
          ...claims,
          wireString(Buffer.concat(signature)),
        ]),
      );
    },
  };
}

async function parse(key: SigningKey): Promise<PrivateKey> {
  const { text, passphrase } = key;
  if (passphrase === undefined) return read(key, text);
  const cost = unlockCost(text);
  const file = readPrivateKeyFile(text);
  if (cost === 'none' || file === undefined) throw unusableKey(key, NO_KEY);
  if (cost === 'costly') {
    throw unusableKey(
      key,
      'the SSH key takes too long to open; lock it anew with ssh-keygen -p -a 16',
    );
  }
  const lock = readLock(file.bytes);
  if (lock === undefined) return read(key, text, passphrase);
  const bytes = await openLock(lock, passphrase);
  if (bytes === undefined) throw unusableKey(key, WRONG_PASSPHRASE);
  return read(key, writePrivateKeyFile({ ...file, bytes }));
}

/** @param passphrase of an old PEM file or of PKCS #8: the library opens OpenSSH's own format at one stretch of seconds */
function read(key: SigningKey, text: string, passphrase?: string): PrivateKey {
  try {
    return parsePrivateKey(text, 'auto', passphrase === undefined ? {} : { passphrase });
  } catch (error) {
    if (error instanceof KeyEncryptedError) {
      throw unusableKey(key, 'the SSH key is locked; give its passphrase');
    }
    const isWrong = error instanceof KeyParseError && passphrase !== undefined;
    throw unusableKey(key, isWrong ? WRONG_PASSPHRASE : NO_KEY);
  }
}

/** OpenSSL does not read what the library writes for Ed25519, so those go by their two numbers. */
function keyObject(parsed: PrivateKey): KeyObject {
  if (parsed.type !== 'ed25519') return createPrivateKey(parsed.toString('pkcs8'));
  const part = (wanted: string) =>
    parsed.parts.find(({ name }) => name === wanted)?.data.toString('base64url') ?? '';
  const key = { kty: 'OKP', crv: 'Ed25519', d: part('k'), x: part('A') };
  return createPrivateKey({ format: 'jwk', key });
}

/** How a kind of key signs (RFC 8332, RFC 5656, RFC 8709). */
interface Scheme {
  readonly name: string;
  readonly sign: (key: KeyObject, data: Buffer) => Buffer;
}

function schemeOf(key: SigningKey, { type, curve }: PrivateKey): Scheme {
  switch (type) {
    case 'ed25519':
      return { name: 'ssh-ed25519', sign: (privateKey, data) => sign(null, data, privateKey) };
    case 'rsa':
      return { name: 'rsa-sha2-512', sign: (privateKey, data) => sign(HASH, data, privateKey) };
    case 'ecdsa':
      return ecdsa(key, curve);
    default:
      throw unusableKey(key, `an SSH key of kind ${type} cannot sign; use ed25519, ecdsa or rsa`);
  }
}

/** Each curve has its own hash (RFC 5656, section 6.2.1). */
const CURVE_HASHES: Readonly<Record<string, string>> = {
  nistp256: 'sha256',
  nistp384: 'sha384',
  nistp521: 'sha512',
};

function ecdsa(key: SigningKey, curve = ''): Scheme {
  const hash = CURVE_HASHES[curve];
  if (hash === undefined) throw unusableKey(key, `the curve ${curve} is not one of SSH's`);
  return {
    name: `ecdsa-sha2-${curve}`,
    sign: (privateKey, data) => {
      const both = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      const half = both.length / 2;
      return Buffer.concat([mpint(both.subarray(0, half)), mpint(both.subarray(half))]);
    },
  };
}

/** What is signed, and what is sent, both begin so (OpenSSH, PROTOCOL.sshsig). */
const MAGIC = Buffer.from('SSHSIG');

/** A positive number, as few bytes as it takes, without a sign bit. */
function mpint(number: Buffer): Buffer {
  const start = number.findIndex((byte) => byte !== 0);
  const bytes = start < 0 ? Buffer.alloc(0) : number.subarray(start);
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

function armor(blob: Buffer): string {
  const base64 = blob.toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}
