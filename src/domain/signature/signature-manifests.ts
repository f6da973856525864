import { SIGN_PREDICATE, type AttachedSignature } from './attached-signature.ts';

/** Largest payload (about 300 bytes) or bundle (about 10 KiB): one larger is an attestation of something. */
export const MAX_SIGNATURE_BYTES = 256 * 1024;

/** An entry of the list of what refers to an image. */
export interface Referrer {
  readonly digest: string;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where in a manifest content stands. */
export interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A layer that says it is a signature. */
export interface SignatureLayer extends Layer {
  readonly kind: AttachedSignature['kind'];
}

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = 'application/vnd.dev.sigstore.bundle';
/** Cosign's experiment of keeping its first format as a referrer. */
const COSIGN_ARTIFACT = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const PREDICATE_ANNOTATION = 'dev.sigstore.bundle.predicateType';

/**
 * OCI distribution-spec: the tag whose index lists referrers where the registry has no such list. Of a
 * long digest it has the first 64 digits.
 */
export function referrersTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** Cosign's SIGNATURE_SPEC: the tag that holds the signatures of an image. */
export function signatureTag(digest: string): string {
  return `${referrersTag(digest)}.sig`;
}

/**
 * Referrers that may be signatures, the likeliest first. Types are a hint and no more: an index that a
 * client wrote may name any. What says that it is an attestation is believed.
 */
export function likelySignatures(referrers: readonly Referrer[]): readonly Referrer[] {
  const candidates = referrers.filter(({ annotations }) => {
    const predicate = annotations[PREDICATE_ANNOTATION];
    return predicate === undefined || predicate === SIGN_PREDICATE;
  });
  return [...candidates.filter(isOfKnownType), ...candidates.filter((one) => !isOfKnownType(one))];
}

/** Layers of a manifest that hold signatures, by media type. */
export function signatureLayers(layers: readonly Layer[]): readonly SignatureLayer[] {
  return layers.flatMap((layer): readonly SignatureLayer[] => {
    if (layer.mediaType === SIMPLE_SIGNING) return [{ ...layer, kind: 'simple-signing' }];
    return layer.mediaType.startsWith(BUNDLE) ? [{ ...layer, kind: 'bundle' }] : [];
  });
}

function isOfKnownType({ artifactType = '' }: Referrer): boolean {
  return artifactType.startsWith(BUNDLE) || artifactType === COSIGN_ARTIFACT;
}
