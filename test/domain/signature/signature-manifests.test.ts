import { describe, expect, it } from 'vitest';
import {
  likelySignatures,
  referrersTag,
  signatureLayers,
  signatureTag,
} from '../../../src/domain/signature/signature-manifests.ts';
import { createTagFilter } from '../../../src/domain/selection/tag-filter.ts';

const SHA256 = `sha256:${'a'.repeat(64)}`;
const SHA512 = `sha512:${'b'.repeat(128)}`;
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

describe('tags beside an image', () => {
  it.each([
    { digest: SHA256, referrers: `sha256-${'a'.repeat(64)}` },
    { digest: SHA512, referrers: `sha512-${'b'.repeat(64)}` },
  ])('are named after its digest: $referrers', ({ digest, referrers }) => {
    expect(referrersTag(digest)).toBe(referrers);
    expect(signatureTag(digest)).toBe(`${referrers}.sig`);
  });

  it.each([
    referrersTag(SHA256),
    referrersTag(SHA512),
    signatureTag(SHA256),
    `${referrersTag(SHA256)}.att`,
    `${referrersTag(SHA256)}.sbom`,
    `${referrersTag(SHA256)}.pre`,
  ])('are never versions: %s', (tag) => {
    expect(createTagFilter().orderedText(tag)).toEqual({
      reason: 'is a signature or attestation and not an image',
    });
  });
});

describe('referrers that may be signatures', () => {
  const referrer = (digest: string, artifactType?: string, predicate?: string) => ({
    digest,
    artifactType,
    annotations: predicate === undefined ? {} : { 'dev.sigstore.bundle.predicateType': predicate },
  });

  it('are those of known types first, and then all others', () => {
    const referrers = [
      referrer('1', 'application/vnd.oci.empty.v1+json'),
      referrer('2', BUNDLE),
      referrer('3'),
      referrer('4', 'application/vnd.dev.cosign.artifact.sig.v1+json'),
    ];
    expect(likelySignatures(referrers).map(({ digest }) => digest)).toEqual(['2', '4', '1', '3']);
  });

  it('are not those that say they attest something else', () => {
    const referrers = [
      referrer('1', BUNDLE, 'https://slsa.dev/provenance/v1'),
      referrer('2', BUNDLE, 'https://sigstore.dev/cosign/sign/v1'),
    ];
    expect(likelySignatures(referrers).map(({ digest }) => digest)).toEqual(['2']);
  });
});

describe('layers that are signatures', () => {
  it.each([
    { mediaType: BUNDLE, kind: 'bundle' },
    { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2', kind: 'bundle' },
    { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', kind: 'simple-signing' },
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', kind: undefined },
    { mediaType: 'application/vnd.dsse.envelope.v1+json', kind: undefined },
  ])('are known by media type: $mediaType', ({ mediaType, kind }) => {
    const layers = signatureLayers([{ mediaType, digest: SHA256, size: 2, annotations: {} }]);
    expect(layers.map((layer) => layer.kind)).toEqual(kind === undefined ? [] : [kind]);
  });
});
