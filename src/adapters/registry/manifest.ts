import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ImageConfig, ImageManifest } from '../../domain/image/image-manifest.ts';
import type { Clock } from '../../ports/ports.ts';
import type { Authorizer } from './authorizer.ts';
import type { Call, HttpResponse } from './call.ts';
import { DIGEST, MANIFEST_TYPES, MAX_MANIFEST_BYTES } from './digest.ts';
import { badResponse, parseJson, statusError } from './errors.ts';

/** Configs are small; those of images with thousands of layers have some hundred kB. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Config types of what runs (OCI image-spec, Docker image manifest v2.2); any other is an artifact's. */
const IMAGE_CONFIG_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const digest = z.string().regex(DIGEST);

const Platform = z.object({
  os: z.string().max(64),
  architecture: z.string().max(64),
  variant: z.string().max(64).optional(),
});

/** A body may leave `mediaType` out: what it is, `manifests` or `config` tells. */
const Index = z.object({
  annotations: texts,
  manifests: z.array(z.object({ digest, platform: Platform.nullish(), annotations: texts })),
});

const Manifest = z.object({
  annotations: texts,
  artifactType: z.string().nullish(),
  config: z.object({ mediaType: z.string(), digest }),
});

const Config = z.object({
  os: z.string().max(64).nullish(),
  architecture: z.string().max(64).nullish(),
  variant: z.string().max(64).nullish(),
  created: z.string().max(64).nullish(),
  config: z.object({ Labels: texts }).nullish(),
});

/** What reading content takes. */
export interface ContentReader {
  readonly authorizer: Authorizer;
  readonly call: Call;
  readonly clock: Clock;
}

/**
 * The manifest of a tag or a digest. Its digest is always the hash of the bytes: a registry, or a proxy
 * before it, is not believed.
 * @returns undefined where there is no such manifest
 * @throws AppError `registry/bad-response` for content that is not what its digest says, or no manifest
 */
export async function readManifest(
  reader: ContentReader,
  reference: string,
): Promise<ImageManifest | undefined> {
  const { call } = reader;
  const url = new URL(`manifests/${encodeURIComponent(reference)}`, call.base);
  const response = await get(reader, { url, accept: MANIFEST_TYPES, maxBytes: MAX_MANIFEST_BYTES });
  if (response === undefined) return undefined;
  const wanted = DIGEST.test(reference) ? reference : response.header('docker-content-digest');
  const own = checkedDigest(response, wanted, call);
  const manifest = parseManifest(response.body, own);
  if (manifest === undefined)
    throw badResponse(call, `what stands under ${reference} is no manifest of a known kind`);
  return manifest;
}

function parseManifest(body: Buffer, own: string): ImageManifest | undefined {
  const json = parseJson(body);
  const index = Index.safeParse(json).data;
  if (index !== undefined) {
    const { annotations, manifests } = index;
    const entries = manifests.map(({ platform, ...entry }) => ({
      ...entry,
      platform: platform ?? undefined,
    }));
    return { kind: 'index', digest: own, annotations, entries };
  }
  const manifest = Manifest.safeParse(json).data;
  if (manifest === undefined) return undefined;
  const { annotations, artifactType, config } = manifest;
  const isImage = (artifactType ?? '') === '' && IMAGE_CONFIG_TYPES.has(config.mediaType);
  return isImage
    ? { kind: 'image', digest: own, annotations, config: config.digest }
    : { kind: 'artifact', digest: own, annotations };
}

/**
 * The config of an image. A redirect to a storage host gets no credentials.
 * @throws AppError `registry/bad-response` for content that is not what its digest says, or no config
 */
export async function readImageConfig(reader: ContentReader, digest: string): Promise<ImageConfig> {
  const { call } = reader;
  const url = new URL(`blobs/${digest}`, call.base);
  const accept = '*/*';
  const response = await get(reader, { url, accept, maxBytes: MAX_CONFIG_BYTES });
  if (response === undefined) throw badResponse(call, `the image config ${digest} is missing`);
  checkedDigest(response, digest, call);
  const config = Config.safeParse(parseJson(response.body)).data;
  if (config === undefined) throw badResponse(call, `${digest} is no image config`);
  const { os, architecture, variant, created } = config;
  const platform =
    os && architecture ? { os, architecture, variant: variant ?? undefined } : undefined;
  return {
    ...(platform === undefined ? {} : { platform }),
    ...(created ? { created } : {}),
    labels: config.config?.Labels ?? {},
  };
}

async function get(
  { authorizer, call, clock }: ContentReader,
  {
    url,
    accept,
    maxBytes,
  }: { readonly url: URL; readonly accept: string; readonly maxBytes: number },
): Promise<HttpResponse | undefined> {
  const response = await authorizer.send(
    { method: 'GET', url, headers: { accept }, maxBytes },
    call,
  );
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw statusError(response, call, clock.now());
  return response;
}

/** The hash of a body, by the algorithm of the digest that it should have. */
function checkedDigest(
  { body, url }: HttpResponse,
  wanted: string | undefined,
  call: Call,
): string {
  const algorithm = wanted?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const found = `${algorithm}:${createHash(algorithm).update(body).digest('hex')}`;
  if (wanted === undefined || wanted === found) return found;
  throw badResponse(call, `${url.host} gave other content than that of ${wanted}`);
}
