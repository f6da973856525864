import { createHash } from 'node:crypto';
import { asAppError } from '../../domain/errors.ts';
import type { SigningKey, SigningKeys } from '../../ports/signing.ts';
import type { OpenedKey } from './opened-key.ts';

/** Keys kept open; unlocking one costs up to seconds, by design of its passphrase. */
const MAX_KEYS = 64;

/** Keys that are opened in this process, once for each content of a Secret; what reads them is loaded when the first one is. */
export function createSigningKeys(): SigningKeys {
  /** The least recently used first. A key that cannot be opened is kept as that: it costs as much as another. */
  const opened = new Map<string, Promise<OpenedKey>>();
  return {
    open: async (key) => {
      const id = idOf(key);
      const opening = opened.get(id) ?? openKey(key);
      opened.delete(id);
      opened.set(id, opening);
      for (const oldest of opened.keys()) {
        if (opened.size <= MAX_KEYS) break;
        opened.delete(oldest);
      }
      try {
        const ready = await opening;
        await ready.check();
        return ready;
      } catch (error) {
        // Anything else than the key's own fault may pass.
        if (asAppError(error).code !== 'secret/invalid') opened.delete(id);
        throw error;
      }
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
