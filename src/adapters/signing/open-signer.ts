import { createHash } from 'node:crypto';
import type { SigningKey, SigningKeys } from '../../ports/signing.ts';
import type { OpenedKey } from './opened-key.ts';

/** Keys kept open; unlocking one costs up to a second, by design of its passphrase. */
const MAX_KEYS = 64;

/** Keys that are opened in this process; what reads them is loaded when the first one is. */
export function createSigningKeys(): SigningKeys {
  const opened = new Map<string, Promise<OpenedKey>>();
  return {
    open: async (key) => {
      const id = idOf(key);
      const known = opened.get(id) ?? openKey(key);
      // A failure is not kept: it holds the name of this Secret, and costs nobody but its owner.
      opened.delete(id);
      const ready = await known;
      opened.set(id, known);
      for (const oldest of opened.keys()) {
        if (opened.size <= MAX_KEYS) break;
        opened.delete(oldest);
      }
      await ready.check();
      return ready;
    },
  };
}

async function openKey(key: SigningKey): Promise<OpenedKey> {
  if (key.kind === 'ssh') {
    const { openSshKey } = await import('./ssh-signer.ts');
    return openSshKey(key);
  }
  const { openPgpKey } = await import('./openpgp-signer.ts');
  return openPgpKey(key);
}

function idOf({ kind, text, passphrase, source }: SigningKey): string {
  const parts = JSON.stringify([kind, text, passphrase ?? null, source]);
  return createHash('sha256').update(parts).digest('hex');
}
