import { createSignatureVerifier } from '../../../src/adapters/signature/create-verifier.ts';
import type { AttachedSignature } from '../../../src/domain/signature/attached-signature.ts';
import type { SignatureRequirement } from '../../../src/domain/signature/signature-requirement.ts';
import type { SignatureVerdict } from '../../../src/domain/signature/signature-verdict.ts';
import { FakeClock, never } from '../memory-ports.ts';

/** A verdict by the real verifier, which has no way to the public Sigstore. */
export function verifySignatures(
  image: string,
  signatures: readonly AttachedSignature[],
  requirement: SignatureRequirement,
): Promise<SignatureVerdict> {
  const verifier = createSignatureVerifier({
    cacheDir: '/nonexistent',
    clock: new FakeClock(),
    mirror: { url: 'http://127.0.0.1:9', rootPath: '/nonexistent' },
  });
  return verifier.verify(image, { signatures, isPartial: false }, requirement, never);
}
