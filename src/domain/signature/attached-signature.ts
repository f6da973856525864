/** A signature as it was found beside an image. Nothing of it is proven. */
export type AttachedSignature =
  /** Cosign's first format: what was signed, and annotations with the signature and its proofs. */
  | {
      readonly kind: 'simple-signing';
      readonly payload: Uint8Array;
      readonly annotations: Readonly<Record<string, string>>;
    }
  /** A Sigstore bundle (JSON), which holds all of that. */
  | { readonly kind: 'bundle'; readonly json: Uint8Array };

/** What was found beside one image. */
export interface AttachedSignatures {
  readonly signatures: readonly AttachedSignature[];
  /** Some were too many, too large or gone, and were not looked at. */
  readonly isPartial: boolean;
}

/** Annotations of a simple-signing layer (cosign's SIGNATURE_SPEC). */
export const SIMPLE_SIGNING_ANNOTATIONS = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  logEntry: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

/** The predicate of the in-toto statement that `cosign sign` signs; attestations have others. */
export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
