import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';

/** Where and as whom to push. */
export interface PushTarget {
  /** Origin, such as `https://127.0.0.1:5000`. */
  readonly url: string;
  /** What the connection trusts and shows. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly authorization?: string | undefined;
}

/** Content as a descriptor names it. */
export interface Pushed {
  readonly digest: string;
  readonly size: number;
}

/** Pushes content to one repository, by the registry's HTTP API. Every call must succeed. */
export interface Pusher {
  blob(bytes: Buffer): Promise<Pushed>;
  /** @param reference a tag; absent: by its digest alone */
  manifest(manifest: object, mediaType: string, reference?: string): Promise<Pushed>;
  close(): Promise<void>;
}

/** Opens connections to push to a repository. */
export function createPusher(target: PushTarget, repository: string): Pusher {
  const agent = new Agent({ connect: target.tls });
  const send = sender(target, agent);
  return {
    async blob(bytes) {
      const upload = await send('POST', `/v2/${repository}/blobs/uploads/`);
      if (upload === undefined) throw new Error('the registry named no upload location');
      const url = new URL(upload);
      url.searchParams.set('digest', sha256(bytes));
      await send('PUT', url.href, { type: 'application/octet-stream', bytes });
      return { digest: sha256(bytes), size: bytes.length };
    },
    async manifest(manifest, type, reference) {
      const bytes = Buffer.from(JSON.stringify(manifest));
      const digest = sha256(bytes);
      await send('PUT', `/v2/${repository}/manifests/${reference ?? digest}`, { type, bytes });
      return { digest, size: bytes.length };
    },
    close: () => agent.close(),
  };
}

/** Digest of bytes, as registries write it. */
export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
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
