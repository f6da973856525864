import { AppError } from '../../domain/errors.ts';
import type { KeySigner, SigningKey } from '../../ports/signing.ts';

/** A key that was read and unlocked. */
export interface OpenedKey extends KeySigner {
  /** @throws AppError `secret/invalid` when the key cannot sign now */
  check(): Promise<void>;
}

/** The error for a key that cannot sign. Foreign texts stay out of it: they may quote the key. */
export function unusableKey({ source }: Pick<SigningKey, 'source'>, why: string): AppError {
  return new AppError('secret/invalid', `${source}: ${why}`);
}
