import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../domain/errors.ts';

/** A running server. */
export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** Ends it and all of its connections. */
  close(): Promise<void>;
}

/** A whole request, its body included, has to arrive within this time. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Connections at the same time; each costs memory, and nobody who connects has shown anything yet. */
const MAX_CONNECTIONS = 1_000;

/**
 * Starts an HTTP server.
 * @param listen `HOST:PORT` or `:PORT`; port 0 takes any free one
 * @throws AppError `usage` when it cannot listen there
 */
export async function startServer(
  listen: string,
  listener: RequestListener,
): Promise<RunningServer> {
  const { host, port } = parseListen(listen);
  // Slow senders are looked for that often; the default lets them go on for half a minute.
  const server = createServer({ connectionsCheckingInterval: 1_000 }, listener);
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, { host, port }, listen);
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(.*):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new AppError('usage', `cannot listen on "${listen}"; give HOST:PORT or :PORT`);
  }
  return { host: (match[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port };
}

function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  shown: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new AppError('usage', `cannot listen on ${shown}: ${cause.message}`, { cause })),
    );
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      // From here on a connection that cannot be taken (no file descriptor left) ends nothing.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
