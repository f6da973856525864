import type { ForgeCommits } from './forge.ts';

/** Who vouches for commits. */
export type CommitSigner = KeySigner | ForgeSigner;

/** One key that commits are signed with. */
export interface KeySigner {
  readonly kind: 'key';
  /** @returns the armored signature over the content of a commit object */
  sign(content: Uint8Array): Promise<string>;
}

/** A forge that makes commits itself, and signs them in its own name. */
export interface ForgeSigner extends ForgeCommits {
  readonly kind: 'forge';
}

/** A private key to sign commits with. */
export interface SigningKey {
  readonly kind: 'openpgp' | 'ssh';
  readonly text: string;
  readonly passphrase?: string;
  /** Where it is from, for messages: `Secret apps/signing`. */
  readonly source: string;
}

/** Opens keys. */
export interface SigningKeys {
  /** @throws AppError `secret/invalid` for what is no key, a wrong passphrase, or a key that cannot sign */
  open(key: SigningKey): Promise<KeySigner>;
}
