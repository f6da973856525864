import { createHash } from 'node:crypto';
import type { Clock } from '../../ports/ports.ts';
import type { Call, HttpResponse } from './call.ts';
import type { Authorizer } from './authorizer.ts';
import { badResponse, statusError } from './errors.ts';

/**
 * All four manifest types: a registry that is not asked for the type it holds converts the manifest or
 * says 404, and the same tag gets another digest.
 */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** OCI distribution-spec: registries should take no larger manifest than this. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** OCI image-spec, grammar of the registered digests. */
export const DIGEST = /^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** The digest of bytes, by the algorithm of another digest. */
export function digestOf(bytes: Buffer, like = 'sha256:'): string {
  const algorithm = like.startsWith('sha512:') ? 'sha512' : 'sha256';
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** HEAD is not for everybody: these say so. */
const HEAD_REFUSED: ReadonlySet<number> = new Set([405, 501]);

/**
 * A tag's digest: by HEAD, which Docker Hub does not count as a pull, else of the manifest's bytes.
 * @returns undefined when there is no such tag or repository
 */
export async function readDigest(
  authorizer: Authorizer,
  tag: string,
  call: Call,
  clock: Clock,
): Promise<string | undefined> {
  const url = new URL(`manifests/${encodeURIComponent(tag)}`, call.base);
  const ask = (method: 'HEAD' | 'GET') =>
    authorizer.send(
      { method, url, headers: { accept: MANIFEST_TYPES }, maxBytes: MAX_MANIFEST_BYTES },
      call,
    );
  const head = await ask('HEAD');
  if (head.status === 404) return undefined;
  if (head.status !== 200 && !HEAD_REFUSED.has(head.status))
    throw statusError(head, call, clock.now());
  const told = head.status === 200 ? head.header('docker-content-digest') : undefined;
  if (told === undefined) return hashOf(await ask('GET'), call, clock);
  if (!DIGEST.test(told)) throw badResponse(call, `tag ${tag} has a digest of no known form`);
  return told;
}

function hashOf(manifest: HttpResponse, call: Call, clock: Clock): string | undefined {
  if (manifest.status === 404) return undefined;
  if (manifest.status !== 200) throw statusError(manifest, call, clock.now());
  return digestOf(manifest.body);
}
