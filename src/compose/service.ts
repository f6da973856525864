import { startHealthServer } from '../adapters/http/server.ts';
import { createLogger, type Logger, type LogLevel } from '../adapters/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../adapters/telemetry/metrics.ts';
import type { StopSignals } from '../app/stop-signals.ts';

/** How long work under way may take once the process was told to stop; Kubernetes kills after 30 s. */
const GRACE_MS = 20_000;

/** What every long-running process takes. */
export interface ServiceOptions {
  /** `HOST:PORT` of the health and metrics endpoints. */
  readonly listen: string;
  readonly logLevel: LogLevel;
}

/** What the work of a service is given. */
export interface Service {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly signals: StopSignals;
  /** From here on the process is ready. */
  readonly ready: () => void;
}

/**
 * Runs work as a service: logs, health and metrics around it, and a stop that lets what is under way
 * end, for a while.
 */
export async function runService(
  options: ServiceOptions,
  stop: AbortSignal,
  work: (service: Service) => Promise<void>,
): Promise<void> {
  const log = createLogger(options.logLevel);
  const metrics = createMetrics();
  let isReady = false;
  const server = await startHealthServer(options.listen, {
    metrics: metrics.registry,
    unhealthy: () => undefined,
    notReady: () => (isReady ? undefined : 'the resources are not loaded yet'),
  });
  log.info({ url: server.url }, 'serving health and metrics');
  const abort = new AbortController();
  stop.addEventListener('abort', () => {
    log.info({ graceMs: GRACE_MS }, 'stopping: work under way is ended first');
    setTimeout(() => abort.abort(), GRACE_MS).unref();
  });
  try {
    const signals = { stop, abort: abort.signal };
    await work({ log, metrics, signals, ready: () => (isReady = true) });
  } finally {
    await server.close();
    log.info('stopped');
  }
}
