import { referrersTag, signatureTag } from '../../../src/domain/signature/signature-manifests.ts';
import type { Pushed, Pusher } from '../registry/pusher.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Media type of bundles, of their layers as of the artifact that holds one. */
export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** One signature of cosign's first format: the signed bytes, and annotations. */
export interface SimpleSignature {
  readonly payload: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Puts signatures of cosign's first format on its own tag, in place of those that were there. */
export async function attachSimple(
  pusher: Pusher,
  image: string,
  signatures: readonly SimpleSignature[],
): Promise<Pushed> {
  const config = await pusher.blob(Buffer.from('{}'));
  const layers = [];
  for (const { payload, annotations } of signatures) {
    layers.push({ mediaType: SIMPLE_SIGNING, ...(await pusher.blob(payload)), annotations });
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers,
  };
  return pusher.manifest(manifest, MANIFEST, signatureTag(image));
}

/** Pushes an artifact that refers to an image, and holds one bundle or what else `content` is. */
export async function pushReferrer(
  pusher: Pusher,
  image: string,
  content: Buffer,
  mediaType = BUNDLE,
): Promise<Pushed> {
  const config = await pusher.blob(Buffer.from('{}'));
  const layer = { mediaType, ...(await pusher.blob(content)) };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: mediaType,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', ...config },
    layers: [layer],
    subject: { mediaType: MANIFEST, digest: image, size: 300 },
  };
  return pusher.manifest(manifest, MANIFEST);
}

/** Lists referrers under the tag in place of a registry's own list, as clients do. */
export async function listReferrers(
  pusher: Pusher,
  image: string,
  referrers: readonly Pushed[],
  artifactType = BUNDLE,
): Promise<void> {
  const manifests = referrers.map((pushed) => ({ mediaType: MANIFEST, ...pushed, artifactType }));
  await pusher.manifest(
    { schemaVersion: 2, mediaType: INDEX, manifests },
    INDEX,
    referrersTag(image),
  );
}
