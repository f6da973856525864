import { createServer, request } from 'node:http';
import type { Fixture } from './fixture.ts';

/**
 * The same server without the header that asks for protocol v2, which old servers do not know.
 * @param without capabilities that it does not offer either
 */
export async function startOldServer(
  fixture: Fixture,
  without: readonly string[] = [],
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
        const isOffer = incoming.url?.includes('/info/refs') === true;
        answer.on('data', (chunk: Buffer) => {
          outgoing.write(isOffer ? withoutWords(chunk, without) : chunk);
        });
        answer.on('end', () => outgoing.end());
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

/** Puts words of the same length that nobody knows in their places. */
function withoutWords(chunk: Buffer, words: readonly string[]): Buffer {
  const text = words.reduce(
    (rest, word) =>
      rest.replaceAll(new RegExp(`(?<=[ \\0])${word}(?=[ \\n])`, 'g'), 'x'.repeat(word.length)),
    chunk.toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
}
