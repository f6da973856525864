import { join } from 'node:path';
import { stateFiles } from '../adapters/files/state-files.ts';
import { startHealthServer } from '../adapters/http/server.ts';
import { createLogger, type LogLevel } from '../adapters/telemetry/logger.ts';
import { createMetrics } from '../adapters/telemetry/metrics.ts';
import { runFromFolders } from '../app/run-controller.ts';
import type { StandaloneEvent } from '../app/standalone.ts';
import { nextStatus, type StandaloneStatus } from '../app/standalone-status.ts';
import type { Config } from '../config.ts';
import { asAppError } from '../domain/errors.ts';
import { compose, type Overrides } from './ports.ts';
import { createObserver } from './observer.ts';

/** How long work under way may take once the process was told to stop; Kubernetes kills after 30 s. */
const GRACE_MS = 20_000;

/** How the controller is run. */
export interface ControllerOptions extends Overrides {
  readonly configPaths: readonly string[];
  /** `HOST:PORT` of the health and metrics endpoints. */
  readonly listen: string;
  readonly logLevel: LogLevel;
  /** Folder of the status file; default: the cache folder's `state`. */
  readonly stateDir?: string;
}

/** Runs the standalone controller until `stop` fires and the work under way has ended. */
export async function runController(
  config: Config,
  options: ControllerOptions,
  stop: AbortSignal,
): Promise<void> {
  const log = createLogger(options.logLevel);
  const metrics = createMetrics();
  const ports = await compose(config, {
    ...options,
    onRegistryRequest: (host, status) => metrics.registryRequests.inc({ host, status }),
  });
  const state = stateFiles(options.stateDir ?? join(config.cacheDir, 'state'));
  const observe = createObserver(log, metrics);
  let status: StandaloneStatus = ((await state.load('status')) ?? {}) as StandaloneStatus;
  let isLoaded = false;
  // One save after the other, each of what is true by then: a status file that cannot be written stops nothing.
  let saved = Promise.resolve();
  const saveStatus = () => {
    saved = saved
      .then(() => state.save('status', status))
      .catch((error: unknown) =>
        log.error({ error: asAppError(error).message }, 'status not kept'),
      );
  };
  const onEvent = (event: StandaloneEvent) => {
    observe(event);
    status = nextStatus(status, event, ports.clock.now());
    saveStatus();
    isLoaded ||= event.kind === 'config-loaded';
  };
  const server = await startHealthServer(options.listen, {
    metrics: metrics.registry,
    unhealthy: () => undefined,
    notReady: () => (isLoaded ? undefined : 'the resources are not loaded yet'),
  });
  log.info({ url: server.url }, 'serving health and metrics');
  const abort = new AbortController();
  stop.addEventListener('abort', () => {
    log.info({ graceMs: GRACE_MS }, 'stopping: work under way is ended first');
    setTimeout(() => abort.abort(), GRACE_MS).unref();
  });
  try {
    await runFromFolders(ports, options.configPaths, {
      signals: { stop, abort: abort.signal },
      onEvent,
    });
  } finally {
    await server.close();
    await ports.close();
    await saved;
    log.info('stopped');
  }
}
