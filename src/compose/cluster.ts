import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { createPushRelay } from '../adapters/http/push-relay.ts';
import { connectCluster } from '../adapters/kubernetes/connect-cluster.ts';
import { runController } from '../app/controller/controller.ts';
import { statusTable, type StatusTable } from '../app/controller/status-table.ts';
import type { Config } from '../config.ts';
import type { ObjectScope } from '../ports/cluster.ts';
import { createAdapterObservers } from './adapter-observers.ts';
import { createObserver } from './observer.ts';
import { compose, type Overrides } from './ports.ts';
import { runService, type Service, type ServiceOptions } from './service.ts';

/** Which cluster. */
export interface ClusterChoice {
  /** Absent: `KUBECONFIG`, `~/.kube/config`, or the Pod's ServiceAccount. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** How the controller is run in a cluster. */
export interface ClusterServiceOptions extends ClusterChoice, Overrides, ServiceOptions {
  readonly scope: ObjectScope;
  /** Objects of each kind that are worked on at the same time. */
  readonly concurrency: number;
  /** May automations refer to what is in other namespaces, where that grants it? */
  readonly crossNamespaceRefs: boolean;
  /** Name of the lease that says who writes; undefined: there is only this process. */
  readonly lease?: string;
}

/** Where the lease is when the process does not know its own namespace. */
const DEFAULT_NAMESPACE = 'lockkeeper-system';

/** Runs the controller of a cluster until `stop` fires and the work under way has ended. */
export async function runClusterService(
  config: Config,
  options: ClusterServiceOptions,
  stop: AbortSignal,
): Promise<void> {
  await runService(options, stop, (service) => work(config, options, service));
}

async function work(
  config: Config,
  options: ClusterServiceOptions,
  { log, metrics, signals, ready, pushes }: Service,
): Promise<void> {
  const ports = await compose(config, {
    ...options,
    forTenants: true,
    inAdvance: true,
    ...createAdapterObservers(log, metrics),
  });
  const cluster = connectCluster({
    ...options,
    random: ports.random,
    observer: {
      trouble: (what, error) =>
        log.warn({ what, code: error.code, error: error.message }, 'cluster'),
      recovered: (what) => log.info({ what }, 'cluster works again'),
    },
  });
  log.info({ server: cluster.server }, 'connected to the cluster');
  const observe = createObserver(log, metrics);
  const { lease: name, scope, concurrency, crossNamespaceRefs } = options;
  const lease = name === undefined ? undefined : leaseOf(config, name, pushes?.port);
  const pushRelay = createPushRelay();
  try {
    await runController(
      { ...ports, cluster, pushRelay, ...(pushes === undefined ? {} : { pushes }) },
      { scope, concurrency, crossNamespaceRefs, ...(lease === undefined ? {} : { lease }) },
      {
        signals,
        onEvent: (event) => {
          observe(event);
          if (event.kind === 'synced') ready();
        },
      },
    );
  } finally {
    await pushRelay.close();
    await ports.close();
    await cluster.close();
  }
}

/** Pod names are unique; elsewhere the process's own number tells two of one host apart. */
function leaseOf({ pod }: Config, name: string, port: number | undefined) {
  const identity = pod.name ?? `${hostname()}-${process.pid}`;
  const lease = { namespace: pod.namespace ?? DEFAULT_NAMESPACE, name, identity };
  if (pod.ip === undefined || port === undefined) return lease;
  return { ...lease, address: `${isIPv6(pod.ip) ? `[${pod.ip}]` : pod.ip}:${port}` };
}

/** How all objects of a cluster stand. */
export async function clusterStatus(
  choice: ClusterChoice,
  scope: ObjectScope,
  signal: AbortSignal,
): Promise<StatusTable> {
  const silent = { trouble: () => undefined, recovered: () => undefined };
  const cluster = connectCluster({ ...choice, random: Math.random, observer: silent });
  try {
    const [policies, automations] = await Promise.all([
      cluster.list('ImagePolicy', scope, signal),
      cluster.list('ImageUpdateAutomation', scope, signal),
    ]);
    return statusTable(policies, automations);
  } finally {
    await cluster.close();
  }
}
