import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { Agent, request } from 'undici';

/** Where and as whom to push. */
export interface PushTarget {
  /** Origin, such as `https://127.0.0.1:5000`. */
  readonly url: string;
  readonly ca?: string | undefined;
  readonly authorization?: string | undefined;
}

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
  const agent = new Agent(target.ca === undefined ? {} : { connect: { ca: target.ca } });
  const send = sender(target, agent);
  const limit = pLimit(CONCURRENT_PUSHES);
  try {
    await pushConfig(send, repository);
    const pushed = tags.map((tag) => limit(() => pushManifest(send, repository, tag)));
    const digests = await Promise.all(pushed);
    return new Map(tags.map((tag, index) => [tag, digests[index] ?? '']));
  } finally {
    await agent.close();
  }
}

type Send = (
  method: 'POST' | 'PUT',
  url: string,
  content?: { readonly type: string; readonly bytes: Buffer },
) => Promise<string | undefined>;

/** One request that must succeed; answers with the `Location` header, made absolute. */
function sender(target: PushTarget, agent: Agent): Send {
  return async (method, url, content) => {
    const absolute = new URL(url, target.url);
    const response = await request(absolute, {
      method,
      dispatcher: agent,
      headers: {
        ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
        ...(content === undefined ? {} : { 'content-type': content.type }),
      },
      body: content?.bytes ?? null,
    });
    const text = await response.body.text();
    if (response.statusCode >= 300)
      throw new Error(`${method} ${absolute.href}: ${response.statusCode} ${text}`);
    const location = response.headers['location'];
    return typeof location === 'string' ? new URL(location, absolute).href : undefined;
  };
}

async function pushConfig(send: Send, repository: string): Promise<void> {
  const upload = await send('POST', `/v2/${repository}/blobs/uploads/`);
  if (upload === undefined) throw new Error('the registry named no upload location');
  const url = new URL(upload);
  url.searchParams.set('digest', sha256(EMPTY_CONFIG));
  await send('PUT', url.href, { type: 'application/octet-stream', bytes: EMPTY_CONFIG });
}

async function pushManifest(send: Send, repository: string, tag: string): Promise<string> {
  const manifest = {
    schemaVersion: 2,
    mediaType: IMAGE_MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(EMPTY_CONFIG),
      size: EMPTY_CONFIG.length,
    },
    layers: [],
    annotations: { 'org.opencontainers.image.version': tag },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await send('PUT', `/v2/${repository}/manifests/${tag}`, { type: IMAGE_MANIFEST, bytes });
  return sha256(bytes);
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
