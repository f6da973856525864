import type { Bundle } from '@sigstore/bundle';
import type { X509Certificate } from '@sigstore/core';
import {
  toSignedEntity,
  VerificationError,
  Verifier,
  type SignedEntity,
  type TrustMaterial,
} from '@sigstore/verify';
import {
  isTrustedIdentity,
  type SignerIdentity,
  type TrustedIdentity,
} from '../../domain/signature/signature-requirement.ts';
import type { SignatureFault, SignatureFinding } from '../../domain/signature/signature-verdict.ts';
import type { ReadSignature } from './read-signature.ts';

/** A proof of each kind: in the transparency log, in the certificates' log, and of the time. */
const PROOFS = { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 };

/** Names in signed checkpoints; the library takes them for regular expressions, so they have to be tame. */
const CHECKPOINT_NAME = /^[\w.:/-]{1,255}$/;
const CHECKPOINT_LINE = /^— (\S+) /gm;

/**
 * Checks a keyless signature: the certificate's chain to a trusted authority at the time of signing, its
 * entry in the certificates' log, the signature's entry in the transparency log, the signature, the
 * digest, and then who signed.
 */
export function verifyByIdentity(
  digest: string,
  { content, digests, bundle }: ReadSignature,
  trust: TrustMaterial,
  identities: readonly TrustedIdentity[],
): SignatureFinding {
  if (bundle === undefined) return refused({ kind: 'MadeByKey' });
  if (!hasTameCheckpoints(bundle)) return refused({ kind: 'NotLogged' });
  const signer = verifySigner(bundle, content, trust);
  if ('kind' in signer) return refused(signer);
  const [other] = digests;
  if (!digests.includes(digest)) return refused({ kind: 'OtherImage', digest: other ?? 'none' });
  return isTrustedIdentity(signer, identities)
    ? { kind: 'verified', by: `signed by ${signer.subject} (issuer ${signer.issuer})` }
    : refused({ kind: 'OtherIdentity', signer });
}

function refused(fault: SignatureFault): SignatureFinding {
  return { kind: 'refused', fault };
}

function verifySigner(
  bundle: Bundle,
  content: Uint8Array,
  trust: TrustMaterial,
): SignerIdentity | SignatureFault {
  try {
    const entity = toSignedEntity(bundle, Buffer.from(content));
    try {
      const { identity } = new Verifier(trust, PROOFS).verify(entity);
      return {
        issuer: identity?.extensions?.issuer ?? '',
        subject: identity?.subjectAlternativeName ?? '',
      };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      return faultOf(error, entity, bundle);
    }
  } catch {
    // The library throws whatever it stumbles over in a certificate or a log entry.
    return { kind: 'Unreadable', what: 'its certificate or its log entry is malformed' };
  }
}

function faultOf(
  { code }: VerificationError,
  entity: SignedEntity,
  bundle: Bundle,
): SignatureFault {
  switch (code) {
    case 'SIGNATURE_ERROR':
    case 'TLOG_BODY_ERROR':
      return { kind: 'Changed' };
    case 'CERTIFICATE_ERROR':
    case 'PUBLIC_KEY_ERROR':
      return { kind: isExpired(entity, bundle) ? 'ExpiredCertificate' : 'ForeignCertificate' };
    default:
      return { kind: 'NotLogged' };
  }
}

/** Was the certificate not valid at one of the times that the log gives? */
function isExpired({ key }: SignedEntity, { verificationMaterial }: Bundle): boolean {
  if (key.$case !== 'certificate') return false;
  const certificate: X509Certificate = key.certificate;
  return verificationMaterial.tlogEntries.some(
    ({ integratedTime }) => !certificate.validForDate(new Date(Number(integratedTime) * 1000)),
  );
}

function hasTameCheckpoints({ verificationMaterial }: Bundle): boolean {
  return verificationMaterial.tlogEntries.every(({ inclusionProof }) => {
    const envelope = inclusionProof?.checkpoint?.envelope ?? '';
    return [...envelope.matchAll(CHECKPOINT_LINE)].every(([, name = '']) =>
      CHECKPOINT_NAME.test(name),
    );
  });
}
