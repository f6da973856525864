import { z } from 'zod';
import type { ImageConfig, ImageManifest } from '../../domain/image/image-manifest.ts';
import { parseJson } from '../../domain/parse-json.ts';
import type { Call } from './call.ts';
import { checkContent, type FetchContent } from './content.ts';
import { DIGEST, digestOf, MANIFEST_TYPES, MAX_MANIFEST_BYTES } from './digest.ts';
import { badResponse } from './errors.ts';

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

/**
 * The manifest of a tag or a digest. Its digest is always the hash of the bytes: a registry, or a proxy
 * before it, is not believed.
 * @returns undefined where there is no such manifest
 * @throws AppError `registry/bad-response` for content that is not what its digest says, or no manifest
 */
export async function readManifest(
  reference: string,
  call: Call,
  fetch: FetchContent,
): Promise<ImageManifest | undefined> {
  const url = new URL(`manifests/${encodeURIComponent(reference)}`, call.base);
  const response = await fetch({ url, accept: MANIFEST_TYPES, maxBytes: MAX_MANIFEST_BYTES });
  if (response === undefined) return undefined;
  const told = DIGEST.test(reference) ? reference : response.header('docker-content-digest');
  const own = told ?? digestOf(response.body);
  const manifest = parseManifest(checkContent(response, own, call), own);
  if (manifest === undefined)
    throw badResponse(call, `what stands under ${reference} is no manifest of a known kind`);
  return manifest;
}

function parseManifest(body: Buffer, own: string): ImageManifest | undefined {
  const json = parseJson(body.toString());
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
export async function readImageConfig(
  digest: string,
  call: Call,
  fetch: FetchContent,
): Promise<ImageConfig> {
  const url = new URL(`blobs/${digest}`, call.base);
  const response = await fetch({ url, accept: '*/*', maxBytes: MAX_CONFIG_BYTES });
  if (response === undefined) throw badResponse(call, `the image config ${digest} is missing`);
  const body = checkContent(response, digest, call);
  const config = Config.safeParse(parseJson(body.toString())).data;
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
