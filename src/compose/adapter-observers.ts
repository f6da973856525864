import type { GitLoginEvent } from '../adapters/cloud/create-git-logins.ts';
import type { OnForgeEvent } from '../adapters/forge/events.ts';
import type { OnRegistryEvent } from '../adapters/registry/events.ts';
import type { Logger } from '../adapters/telemetry/logger.ts';
import type { Metrics } from '../adapters/telemetry/metrics.ts';
import { hostLabels, statusLabel } from './metric-labels.ts';
import { createRegistryObserver } from './registry-observer.ts';

/** Who is told of what adapters do. Absent: nobody. */
export interface AdapterObservers {
  /** Told of requests to registries and of what these say besides. */
  readonly onRegistryEvent?: OnRegistryEvent;
  /** Told of requests to the APIs of forges. */
  readonly onForgeEvent?: OnForgeEvent;
  /** Told of logins that end after a while. */
  readonly onGitLogin?: (event: GitLoginEvent) => void;
}

/** Counts what adapters do, and tells in the log what servers have to say to people. */
export function createAdapterObservers(log: Logger, metrics: Metrics): Required<AdapterObservers> {
  return {
    onRegistryEvent: createRegistryObserver(log, metrics),
    onForgeEvent: createForgeObserver(metrics),
    onGitLogin: ({ provider, result }) => metrics.gitLogins.inc({ provider, result }),
  };
}

function createForgeObserver(metrics: Metrics): OnForgeEvent {
  const labelOf = hostLabels();
  return (event) => {
    const host = labelOf(event.host);
    if (event.kind === 'request') {
      metrics.forgeRequests.inc({ host, status: statusLabel(event.status) });
      return;
    }
    const { api } = event;
    metrics.forgeLimit.set({ host, api }, event.limit);
    metrics.forgeRemaining.set({ host, api }, event.remaining);
  };
}
