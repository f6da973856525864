import { startHealthServer } from '../adapters/http/health-server.ts';
import type { RunningServer } from '../adapters/http/listen.ts';
import { startPushServer, type PushServer } from '../adapters/http/push-server.ts';
import { createLogger, type Logger, type LogLevel } from '../adapters/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../adapters/telemetry/metrics.ts';
import type { PushPorts } from '../ports/push.ts';
import type { StopSignals } from '../app/stop-signals.ts';

/** How long work under way may take once the process was told to stop; Kubernetes kills after 30 s. */
const GRACE_MS = 20_000;

/** What every long-running process takes. */
export interface ServiceOptions {
  /** `HOST:PORT` of the health and metrics endpoints. */
  readonly listen: string;
  readonly logLevel: LogLevel;
  /** `HOST:PORT` where registries tell of pushes; undefined: nowhere. */
  readonly receiverListen?: string;
}

/** What the work of a service is given. */
export interface Service {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly signals: StopSignals;
  /** How registries tell of pushes, where they can, and at which port of this machine. */
  readonly pushes?: PushPorts & { readonly port: number };
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
  const receiver = await openReceiver(options, server);
  if (receiver !== undefined) log.info({ url: receiver.url }, 'taking pushes of registries');
  const abort = new AbortController();
  stop.addEventListener('abort', () => {
    log.info({ graceMs: GRACE_MS }, 'stopping: work under way is ended first');
    setTimeout(() => abort.abort(), GRACE_MS).unref();
  });
  try {
    const signals = { stop, abort: abort.signal };
    const pushes = await openPushes(receiver);
    const ready = () => (isReady = true);
    await work({ log, metrics, signals, ready, ...(pushes === undefined ? {} : { pushes }) });
  } finally {
    await receiver?.close();
    await server.close();
    log.info('stopped');
  }
}

/** The endpoint for registries has a port of its own, so that it alone can be made public. */
async function openReceiver(
  { receiverListen }: ServiceOptions,
  health: RunningServer,
): Promise<PushServer | undefined> {
  if (receiverListen === undefined) return undefined;
  try {
    return await startPushServer(receiverListen);
  } catch (error) {
    await health.close();
    throw error;
  }
}

/** Formats are loaded only where something is received. */
async function openPushes(server: PushServer | undefined): Promise<Service['pushes']> {
  if (server === undefined) return undefined;
  const { createPushMessages } = await import('../adapters/push-events/push-messages.ts');
  return { endpoint: server.endpoint, messages: createPushMessages(), port: server.port };
}
