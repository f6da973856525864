import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry of which only the tags are asked. */
export interface TagServer {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Adds the next version, as a release would. @returns the new tag */
  release(repository: string): string;
  /** Back to the beginning. */
  reset(): void;
  close(): void;
}

/** Serves tag lists (OCI distribution-spec, end-8a) over plain HTTP; each repository starts with 1.0.0. */
export async function startTagServer(): Promise<TagServer> {
  const latest = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = /^\/v2\/([^/]+)\/tags\/list/.exec(request.url ?? '')?.[1];
    const tags = Array.from({ length: (latest.get(name ?? '') ?? 0) + 1 }, (_, n) => `1.0.${n}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(name === undefined ? {} : { name, tags }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    release: (repository) => {
      const next = (latest.get(repository) ?? 0) + 1;
      latest.set(repository, next);
      return `1.0.${next}`;
    },
    reset: () => latest.clear(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
