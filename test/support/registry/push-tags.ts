import pLimit from 'p-limit';
import { createPusher, type Pusher, type PushTarget } from './pusher.ts';

const CONCURRENT_PUSHES = 8;
const IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY_CONFIG = Buffer.from('{}');

/**
 * Pushes one small image per tag by the registry's HTTP API. Each tag's manifest differs, so that each
 * tag has a digest of its own.
 * @returns digest by tag
 */
export async function pushTags(
  target: PushTarget,
  repository: string,
  tags: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const pusher = createPusher(target, repository);
  const limit = pLimit(CONCURRENT_PUSHES);
  try {
    const config = await pusher.blob(EMPTY_CONFIG);
    const pushed = tags.map((tag) => limit(() => pushImage(pusher, config, tag)));
    const digests = await Promise.all(pushed);
    return new Map(tags.map((tag, index) => [tag, digests[index] ?? '']));
  } finally {
    await pusher.close();
  }
}

async function pushImage(pusher: Pusher, config: object, tag: string): Promise<string> {
  const manifest = {
    schemaVersion: 2,
    mediaType: IMAGE_MANIFEST,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [],
    annotations: { 'org.opencontainers.image.version': tag },
  };
  return (await pusher.manifest(manifest, IMAGE_MANIFEST, tag)).digest;
}
