import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry with one repository, for the demo only: it knows tags and nothing of images. */
export interface DemoRegistry {
  /** `127.0.0.1:PORT/podinfo` */
  readonly image: string;
  addTag(tag: string): void;
  close(): void;
}

/** Serves what a scan asks for (OCI distribution-spec: end-1 and end-8a), over plain HTTP on loopback. */
export async function startDemoRegistry(tags: readonly string[]): Promise<DemoRegistry> {
  const known = new Set(tags);
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/v2/') json(response, 200, {});
    else if (path === '/v2/podinfo/tags/list') {
      json(response, 200, { name: 'podinfo', tags: [...known] });
    } else json(response, 404, { errors: [{ code: 'NAME_UNKNOWN' }] });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    image: `127.0.0.1:${port}/podinfo`,
    addTag: (tag) => void known.add(tag),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
