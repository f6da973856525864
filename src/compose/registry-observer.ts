import type { OnRegistryEvent } from '../adapters/registry/events.ts';
import type { Logger } from '../adapters/telemetry/logger.ts';
import type { Metrics } from '../adapters/telemetry/metrics.ts';

/** Registries that metrics tell apart; the rest is `other`, since resources may name ever new ones. */
const MAX_HOSTS = 200;

/** Statuses worth a series of their own; a registry may send any number. */
const STATUSES: ReadonlySet<number> = new Set([
  200, 307, 400, 401, 403, 404, 405, 429, 500, 502, 503, 504,
]);

/** Counts requests to registries, and tells in the log what registries have to say to people. */
export function createRegistryObserver(log: Logger, metrics: Metrics): OnRegistryEvent {
  const hosts = new Set<string>();
  const labelOf = (host: string) => {
    if (hosts.size < MAX_HOSTS) hosts.add(host);
    return hosts.has(host) ? host : 'other';
  };
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

/** `429` where it is usual, else its class, `4xx`. */
function statusLabel(status: number | 'error'): string {
  if (status === 'error' || STATUSES.has(status)) return String(status);
  return `${Math.floor(status / 100)}xx`;
}
