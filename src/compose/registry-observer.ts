import type { OnRegistryEvent } from '../adapters/registry/events.ts';
import type { Logger } from '../adapters/telemetry/logger.ts';
import type { Metrics } from '../adapters/telemetry/metrics.ts';
import { hostLabels, statusLabel } from './metric-labels.ts';

/** Counts requests to registries, and tells in the log what registries have to say to people. */
export function createRegistryObserver(log: Logger, metrics: Metrics): OnRegistryEvent {
  const labelOf = hostLabels();
  return (event) => {
    switch (event.kind) {
      case 'request': {
        const { asked, status } = event;
        const host = labelOf(event.registry);
        metrics.registryRequests.inc({ host, asked, status: statusLabel(status) });
        return;
      }
      case 'quota': {
        const labels = { host: labelOf(event.registry), counted: event.counted };
        metrics.pullLimit.set(labels, event.limit);
        metrics.pullsRemaining.set(labels, event.remaining);
        return;
      }
      case 'warning':
        log.warn({ repository: event.repository, warning: event.text }, 'a registry warns');
    }
  };
}
