import type { SignerIdentity } from './signature-requirement.ts';

/**
 * Why one signature is not the one that is required, in the order in which the checks are passed: of
 * several signatures, the one that came furthest says most. Closed set.
 */
export const SIGNATURE_FAULTS = [
  'Unreadable',
  'MadeByKey',
  'OtherKey',
  'Changed',
  'NotLogged',
  'ForeignCertificate',
  'ExpiredCertificate',
  'OtherImage',
  'OtherIdentity',
] as const;

/** What is wrong with one signature. */
export type SignatureFault =
  | { readonly kind: 'Unreadable'; readonly what: string }
  | { readonly kind: 'OtherImage'; readonly digest: string }
  | { readonly kind: 'OtherIdentity'; readonly signer: SignerIdentity }
  | {
      readonly kind: Exclude<
        (typeof SIGNATURE_FAULTS)[number],
        'Unreadable' | 'OtherImage' | 'OtherIdentity'
      >;
    };

/** What became of looking at one signature. */
export type SignatureFinding =
  | { readonly kind: 'verified'; readonly by: string }
  | { readonly kind: 'refused'; readonly fault: SignatureFault };

/** What became of looking at the signatures of an image. `reason` and `by` read on after its name. */
export type SignatureVerdict =
  /** Such as `signed with cosign.pub of Secret apps/keys`. */
  | { readonly kind: 'verified'; readonly by: string }
  /** Such as `has no signature`. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Longest name of a signer that is shown. */
const MAX_SHOWN_CHARS = 200;

/** One signature that is as required is enough; else the one that came furthest tells why not. */
export function signatureVerdict(
  findings: readonly SignatureFinding[],
  isPartial: boolean,
): SignatureVerdict {
  const verified = findings.find(({ kind }) => kind === 'verified');
  if (verified?.kind === 'verified') return verified;
  const faults = findings.flatMap((finding) => (finding.kind === 'refused' ? [finding.fault] : []));
  const [furthest] = faults.toSorted((a, b) => rank(b) - rank(a));
  const reason = furthest === undefined ? 'has no signature' : faultText(furthest);
  const doubt = isPartial ? '; some of what is attached to it could not be looked at' : '';
  return { kind: 'refused', reason: `${reason}${doubt}` };
}

function rank({ kind }: SignatureFault): number {
  return SIGNATURE_FAULTS.indexOf(kind);
}

function faultText(fault: SignatureFault): string {
  switch (fault.kind) {
    case 'Unreadable':
      return `has a signature that cannot be read: ${fault.what}`;
    case 'MadeByKey':
      return 'is signed with a key, and only an identity is trusted';
    case 'OtherKey':
      return 'has a signature that none of the trusted keys made, or that was changed since';
    case 'Changed':
      return 'has a signature that does not fit what it signs: one of the two was changed';
    case 'NotLogged':
      return 'has a signature whose entry in the transparency log is missing or not proven';
    case 'ForeignCertificate':
      return 'has a signature whose certificate no trusted authority has issued and logged';
    case 'ExpiredCertificate':
      return 'has a signature whose certificate was not valid at the time of signing';
    case 'OtherImage':
      return `has a signature for another image, ${shown(fault.digest)}`;
    case 'OtherIdentity': {
      const { subject, issuer } = fault.signer;
      return `is signed by ${shown(subject)} (issuer ${shown(issuer)}), whom matchOIDCIdentity does not name`;
    }
  }
}

/** A foreign text for one line of a message. */
function shown(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > MAX_SHOWN_CHARS ? `${line.slice(0, MAX_SHOWN_CHARS)}…` : line;
}
