import { createServer, request } from 'node:http';
import type { Fixture } from './fixture.ts';

/** The same server without the header that asks for protocol v2, which old servers do not know. */
export async function startOldServer(
  fixture: Fixture,
): Promise<{ url: string; close(): Promise<void> }> {
  const target = new URL(fixture.server.url(''));
  const proxy = createServer((incoming, outgoing) => {
    const { 'git-protocol': _, ...headers } = incoming.headers;
    const forward = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}/config.git`,
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
}
