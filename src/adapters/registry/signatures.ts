import type {
  AttachedSignature,
  AttachedSignatures,
} from '../../domain/signature/attached-signature.ts';
import {
  likelySignatures,
  MAX_SIGNATURE_BYTES,
  referrersTag,
  signatureLayers,
  signatureTag,
  type Layer,
  type SignatureLayer,
} from '../../domain/signature/signature-manifests.ts';
import type { Call, HttpResponse } from './call.ts';
import { checkContent, indexEntries, manifestLayers, type FetchContent } from './content.ts';
import { MAX_MANIFEST_BYTES } from './digest.ts';
import { readReferrers, type ListedReferrers } from './referrers.ts';

/** Manifests and signatures looked at for one image; most images have one or two. */
const MAX_MANIFESTS = 32;
const MAX_SIGNATURES = 32;

/** Cosign writes the first and the second; with `COSIGN_DOCKER_MEDIA_TYPES` the third. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** What was found so far. */
interface Found {
  readonly signatures: AttachedSignature[];
  isPartial: boolean;
}

/**
 * Finds the signatures of an image: what refers to it, by the registry's own list or the tag in place of
 * it, and what cosign's own tag holds. All three are asked for: which of them a signer used depends on
 * the signer's version and on the registry.
 */
export async function readSignatures(
  digest: string,
  call: Call,
  fetch: FetchContent,
): Promise<AttachedSignatures> {
  const found: Found = { signatures: [], isPartial: false };
  const listed = await readReferrers(digest, call, fetch);
  // A list without entries may be one that was begun after the image was signed.
  const { referrers, isPartial } =
    listed.referrers.length > 0 ? listed : await referrersByTag(digest, call, fetch);
  const candidates = likelySignatures(referrers);
  found.isPartial = isPartial || candidates.length > MAX_MANIFESTS;
  for (const { digest: manifest } of candidates.slice(0, MAX_MANIFESTS)) {
    const response = await fetchManifest(manifest, call, fetch);
    // A referrer that is gone while its entry is there: somebody is cleaning up.
    if (response === undefined) found.isPartial = true;
    else await addLayers(checkContent(response, manifest, call), found, call, fetch);
  }
  const tagged = await fetchManifest(signatureTag(digest), call, fetch);
  if (tagged !== undefined) await addLayers(tagged.body, found, call, fetch);
  return found;
}

/** The tag may be anybody's image instead of a list: then nobody knows what refers to this one. */
async function referrersByTag(
  digest: string,
  call: Call,
  fetch: FetchContent,
): Promise<ListedReferrers> {
  const response = await fetchManifest(referrersTag(digest), call, fetch);
  if (response === undefined) return { referrers: [], isPartial: false };
  const referrers = indexEntries(response.body);
  return { referrers: referrers ?? [], isPartial: referrers === undefined };
}

function fetchManifest(
  reference: string,
  call: Call,
  fetch: FetchContent,
): Promise<HttpResponse | undefined> {
  const url = new URL(`manifests/${reference}`, call.base);
  return fetch({ url, accept: MANIFEST_TYPES, maxBytes: MAX_MANIFEST_BYTES });
}

async function addLayers(
  manifest: Buffer,
  found: Found,
  call: Call,
  fetch: FetchContent,
): Promise<void> {
  const layers: readonly Layer[] = manifestLayers(manifest) ?? [];
  for (const layer of signatureLayers(layers)) {
    const isTooMuch = layer.size > MAX_SIGNATURE_BYTES || found.signatures.length >= MAX_SIGNATURES;
    const content = isTooMuch ? undefined : await fetchLayer(layer, call, fetch);
    if (content === undefined) found.isPartial = true;
    else found.signatures.push(signatureOf(layer, content));
  }
}

async function fetchLayer(
  { digest }: SignatureLayer,
  call: Call,
  fetch: FetchContent,
): Promise<Buffer | undefined> {
  const url = new URL(`blobs/${digest}`, call.base);
  const response = await fetch({ url, accept: '*/*', maxBytes: MAX_SIGNATURE_BYTES });
  return response && checkContent(response, digest, call);
}

function signatureOf({ kind, annotations }: SignatureLayer, content: Buffer): AttachedSignature {
  return kind === 'bundle' ? { kind, json: content } : { kind, payload: content, annotations };
}
