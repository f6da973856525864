import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request that a loopback server got. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** What it came by; a `TLSSocket` where the server speaks TLS. */
  readonly socket: Socket;
}

/** What to answer. A string is sent as it is, another value as JSON. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/** Answers a request, by a value or by hand on `response` (then it returns nothing). */
export type Handler = (
  request: SeenRequest,
  response: ServerResponse,
) => Answer | undefined | Promise<Answer | undefined>;

/** An HTTP server on loopback that does what a test says. */
export interface Loopback {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly url: string;
  /** All requests so far, in order. */
  readonly requests: readonly SeenRequest[];
  /** Sockets opened so far. */
  connections(): number;
  /** Sockets that are open now. */
  openSockets(): number;
  /** Ends the server and all of its connections, at once. */
  close(): Promise<void>;
}

/** Starts a server; with a certificate, by TLS. */
export async function startLoopback(
  handler: Handler,
  certificate?: Pick<ServerOptions, 'cert' | 'key' | 'requestCert' | 'rejectUnauthorized'>,
): Promise<Loopback> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    void answer(incoming, response);
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const seen: SeenRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
      socket: incoming.socket,
    };
    requests.push(seen);
    const given = await handler(seen, response);
    if (given !== undefined) send(response, given);
  };
  const server =
    certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${certificate === undefined ? 'http' : 'https'}://${host}`,
    requests,
    connections: () => connections,
    openSockets: () => sockets.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const isText = typeof body === 'string';
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!isText && !response.hasHeader('content-type'))
    response.setHeader('content-type', 'application/json');
  response.writeHead(status);
  response.end(isText ? body : JSON.stringify(body));
}
