import { createMessage, decryptKey, readPrivateKeys, sign, type PrivateKey } from 'openpgp';
import type { SigningKey } from '../../ports/signing.ts';
import { unusableKey, type OpenedKey } from './opened-key.ts';
import { isCostlyToUnlock } from './openpgp-lock.ts';

/**
 * Opens an armored OpenPGP key, as `gpg --export-secret-keys --armor` prints it.
 * @throws AppError `secret/invalid` when it is none, or is locked with another passphrase
 */
export async function openPgpKey(key: SigningKey): Promise<OpenedKey> {
  const signingKey = await unlock(key, await parse(key));
  return {
    kind: 'key',
    check: async () => {
      await signingKey.getSigningKey().catch(() => {
        throw unusableKey(key, 'the OpenPGP key cannot sign: it expired, was revoked or may not');
      });
    },
    sign: async (content) => {
      const message = await createMessage({ binary: content });
      return sign({ message, signingKeys: signingKey, detached: true, format: 'armored' });
    },
  };
}

async function parse(key: SigningKey): Promise<PrivateKey> {
  const keys = await readPrivateKeys({ armoredKeys: key.text }).catch(() => []);
  const [first, ...more] = keys;
  if (first === undefined) throw unusableKey(key, 'this is not an armored OpenPGP private key');
  if (more.length > 0) throw unusableKey(key, 'there must be one OpenPGP private key, not several');
  return first;
}

async function unlock(key: SigningKey, privateKey: PrivateKey): Promise<PrivateKey> {
  if (privateKey.isDecrypted()) return privateKey;
  if (key.passphrase === undefined) {
    throw unusableKey(key, 'the OpenPGP key is locked; give its passphrase');
  }
  if (isCostlyToUnlock(privateKey)) {
    throw unusableKey(
      key,
      'the OpenPGP key takes too long to unlock; give its passphrase anew in gpg, or export no more subkeys than the one that signs',
    );
  }
  return decryptKey({ privateKey, passphrase: key.passphrase }).catch(() => {
    throw unusableKey(key, 'the passphrase is not that of the OpenPGP key');
  });
}
