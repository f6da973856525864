import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that a forge's API is to be sent, and its answer. */
export interface Exchange {
  /** `METHOD /path?query`, as it goes over the wire. */
  readonly request: string;
  /** The JSON that is to be sent. */
  readonly body?: unknown;
  readonly answer?: unknown;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a request was. */
export interface Asked {
  readonly request: string;
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** A forge that answers as it was recorded, in that order and nothing else. */
export interface RecordedForge {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** Starts one on a port of this host. What is asked beyond the recording is answered with 500. */
export async function startRecordedForge(exchanges: readonly Exchange[]): Promise<RecordedForge> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const exchange = exchanges[asked.length];
      asked.push({
        request: `${request.method ?? ''} ${request.url ?? ''}`,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        authorization: request.headers.authorization,
      });
      const { status = exchange === undefined ? 500 : 200, headers = {}, answer } = exchange ?? {};
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
