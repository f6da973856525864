import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { AppError } from '../../domain/errors.ts';

/** What the endpoints tell. */
export interface HealthSource {
  /** Undefined when well; else what is wrong, in one line. */
  readonly unhealthy: () => string | undefined;
  readonly notReady: () => string | undefined;
  readonly metrics: Registry;
}

/** A running server. */
export interface HealthServer {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, `/readyz` (200 or 503 with the reason) and `/metrics` (Prometheus text).
 * @param listen `HOST:PORT` or `:PORT`; port 0 takes any free one
 * @throws AppError `usage` when it cannot listen there
 */
export async function startHealthServer(
  listen: string,
  source: HealthSource,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', source)
      .catch(() => ({ ...plain('the metrics cannot be read'), status: 500 }))
      .then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
      });
  });
  server.requestTimeout = 10_000;
  const { host, port } = parseListen(listen);
  await listening(server, host, port, listen);
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function plain(problem: string | undefined): Answer {
  return {
    status: problem === undefined ? 200 : 503,
    type: 'text/plain; charset=utf-8',
    body: `${problem ?? 'ok'}\n`,
  };
}

async function answer(url: string, source: HealthSource): Promise<Answer> {
  switch (url.split('?', 1)[0]) {
    case '/healthz':
      return plain(source.unhealthy());
    case '/readyz':
      return plain(source.notReady());
    case '/metrics':
      return {
        status: 200,
        type: source.metrics.contentType,
        body: await source.metrics.metrics(),
      };
    default:
      return { ...plain('not found: try /healthz, /readyz or /metrics'), status: 404 };
  }
}

function parseListen(listen: string): { host: string; port: number } {
  const match = /^(.*):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new AppError('usage', `cannot listen on "${listen}"; give HOST:PORT or :PORT`);
  }
  return { host: (match[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port };
}

function listening(server: Server, host: string, port: number, shown: string): Promise<void> {
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
