/**
 * Judging signatures. As for all ports, calls reject with `AppError`, and take an `AbortSignal` and stop
 * soon after it fires.
 */
import type { AttachedSignatures } from '../domain/signature/attached-signature.ts';
import type { SignatureRequirement } from '../domain/signature/signature-requirement.ts';
import type { SignatureVerdict } from '../domain/signature/signature-verdict.ts';

/** Cosign's cryptography, and whom Sigstore trusts. */
export interface SignatureVerifier {
  /**
   * Does one of the signatures meet the requirement for the image with this digest?
   * @throws AppError `secret/invalid` for a key or root of no use, `signature/no-trusted-root` when the
   * public Sigstore's cannot be had
   */
  verify(
    digest: string,
    attached: AttachedSignatures,
    requirement: SignatureRequirement,
    signal: AbortSignal,
  ): Promise<SignatureVerdict>;
}
