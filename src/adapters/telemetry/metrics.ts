import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of the controller. Labels are names of resources and hosts, never free text. */
export type Metrics = { readonly registry: Registry } & Readonly<
  ReturnType<typeof passMetrics> &
    ReturnType<typeof resourceMetrics> &
    ReturnType<typeof registryMetrics> &
    ReturnType<typeof forgeMetrics>
>;

/** Creates the metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...passMetrics([registry]),
    ...resourceMetrics([registry]),
    ...registryMetrics([registry]),
    ...forgeMetrics([registry]),
  };
}

function passMetrics(registers: Registry[]) {
  return {
    passes: new Counter({
      name: 'lockkeeper_passes_total',
      help: 'Update passes by result: changed, unchanged or failed.',
      labelNames: ['automation', 'result'],
      registers,
    }),
    passSeconds: new Histogram({
      name: 'lockkeeper_pass_duration_seconds',
      help: 'How long update passes took.',
      labelNames: ['automation'],
      buckets: [0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
      registers,
    }),
    commits: new Counter({
      name: 'lockkeeper_commits_total',
      help: 'Commits pushed.',
      labelNames: ['automation'],
      registers,
    }),
    pushRetries: new Counter({
      name: 'lockkeeper_push_retries_total',
      help: 'Pushes that lost a race and were planned again on the new head.',
      labelNames: ['automation'],
      registers,
    }),
    pullRequests: new Counter({
      name: 'lockkeeper_pull_requests_total',
      help: 'Pull requests by what became of them in a pass: opened, updated, closed or failed.',
      labelNames: ['automation', 'forge', 'result'],
      registers,
    }),
    changes: new Counter({
      name: 'lockkeeper_changes_total',
      help: 'Locations moved to another tag.',
      labelNames: ['automation', 'policy'],
      registers,
    }),
    held: new Gauge({
      name: 'lockkeeper_held_locations',
      help: 'Locations that stay as they are, by reason, after the last pass.',
      labelNames: ['automation', 'reason'],
      registers,
    }),
    lastSuccess: new Gauge({
      name: 'lockkeeper_last_success_timestamp_seconds',
      help: 'When a pass last succeeded.',
      labelNames: ['automation'],
      registers,
    }),
  };
}

function resourceMetrics(registers: Registry[]) {
  return {
    policyFailed: new Gauge({
      name: 'lockkeeper_policy_failed',
      help: '1 while the last scan of a policy failed.',
      labelNames: ['policy'],
      registers,
    }),
    pushes: new Counter({
      name: 'lockkeeper_push_events_total',
      help: 'Requests to the receiver endpoint by type of receiver and what became of them.',
      labelNames: ['type', 'result'],
      registers,
    }),
    config: new Gauge({
      name: 'lockkeeper_resources',
      help: 'Resources loaded, by kind.',
      labelNames: ['kind'],
      registers,
    }),
  };
}

function registryMetrics(registers: Registry[]) {
  return {
    registryRequests: new Counter({
      name: 'lockkeeper_registry_requests_total',
      help: 'HTTP requests by registry, whether it or another host it named was asked, and status.',
      labelNames: ['host', 'asked', 'status'],
      registers,
    }),
    pullLimit: new Gauge({
      name: 'lockkeeper_registry_pull_limit',
      help: 'Pulls that a registry allows in its window, by what it counts them for.',
      labelNames: ['host', 'counted'],
      registers,
    }),
    pullsRemaining: new Gauge({
      name: 'lockkeeper_registry_pulls_remaining',
      help: 'Pulls that are left of what a registry allows, as it last said.',
      labelNames: ['host', 'counted'],
      registers,
    }),
  };
}

function forgeMetrics(registers: Registry[]) {
  return {
    forgeRequests: new Counter({
      name: 'lockkeeper_forge_requests_total',
      help: 'HTTP requests to the APIs of forges, by host and status.',
      labelNames: ['host', 'status'],
      registers,
    }),
    forgeLimit: new Gauge({
      name: 'lockkeeper_forge_request_limit',
      help: 'Requests that a forge allows in its window, to the login that asked last.',
      labelNames: ['host', 'api'],
      registers,
    }),
    forgeRemaining: new Gauge({
      name: 'lockkeeper_forge_requests_remaining',
      help: 'Requests that are left of what a forge allows, as it last said.',
      labelNames: ['host', 'api'],
      registers,
    }),
    gitLogins: new Counter({
      name: 'lockkeeper_git_logins_total',
      help: 'Logins for a while, by provider: renewed, refused or failed to be had, or rejected by a server.',
      labelNames: ['provider', 'result'],
      registers,
    }),
  };
}
