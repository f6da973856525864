import type { Registry } from 'prom-client';
import { startServer, type RunningServer } from './listen.ts';

/** What the endpoints tell. */
export interface HealthSource {
  /** Undefined when well; else what is wrong, in one line. */
  readonly unhealthy: () => string | undefined;
  readonly notReady: () => string | undefined;
  readonly metrics: Registry;
}

/**
 * Serves `/healthz`, `/readyz` (200 or 503 with the reason) and `/metrics` (Prometheus text).
 * @param listen `HOST:PORT` or `:PORT`; port 0 takes any free one
 * @throws AppError `usage` when it cannot listen there
 */
export async function startHealthServer(
  listen: string,
  source: HealthSource,
): Promise<RunningServer> {
  return startServer(listen, (request, response) => {
    void answer(request.url ?? '/', source)
      .catch(() => ({ ...plain('the metrics cannot be read'), status: 500 }))
      .then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
      });
  });
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
