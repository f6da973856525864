import { join } from 'node:path';
import { stateFiles } from '../adapters/files/state-files.ts';
import { runFromFolders } from '../app/standalone/run-from-folders.ts';
import type { StandaloneEvent } from '../app/standalone/run-standalone.ts';
import { nextStatus, type StandaloneStatus } from '../app/standalone/standalone-status.ts';
import type { Config } from '../config.ts';
import { asAppError } from '../domain/errors.ts';
import { createAdapterObservers } from './adapter-observers.ts';
import { createObserver } from './observer.ts';
import { compose, type Overrides } from './ports.ts';
import { runService, type Service, type ServiceOptions } from './service.ts';

/** How the controller is run without a cluster. */
export interface StandaloneOptions extends Overrides, ServiceOptions {
  readonly configPaths: readonly string[];
  /** May automations refer to what is in other namespaces, where that grants it? */
  readonly crossNamespaceRefs: boolean;
}

/** Runs the standalone controller until `stop` fires and the work under way has ended. */
export async function runStandaloneService(
  config: Config,
  options: StandaloneOptions,
  stop: AbortSignal,
): Promise<void> {
  await runService(options, stop, (service) => work(config, options, service));
}

async function work(
  config: Config,
  options: StandaloneOptions,
  { log, metrics, signals, ready, pushes }: Service,
): Promise<void> {
  const ports = await compose(config, {
    ...options,
    inAdvance: true,
    ...createAdapterObservers(log, metrics),
  });
  const state = stateFiles(options.stateDir ?? join(config.cacheDir, 'state'));
  const observe = createObserver(log, metrics);
  let status: StandaloneStatus = ((await state.load('status')) ?? {}) as StandaloneStatus;
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
    if (event.kind === 'config-loaded') ready();
  };
  try {
    const { configPaths, crossNamespaceRefs } = options;
    const crossNamespace = { isAllowed: crossNamespaceRefs };
    const all = { ...ports, ...(pushes === undefined ? {} : { pushes }) };
    await runFromFolders(all, { configPaths, crossNamespace }, { signals, onEvent });
  } finally {
    await ports.close();
    await saved;
  }
}
