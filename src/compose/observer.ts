import type { Logger } from '../adapters/telemetry/logger.ts';
import type { Metrics } from '../adapters/telemetry/metrics.ts';
import type { ControllerEvent } from '../app/controller/context.ts';
import { automationKey, type StandaloneEvent } from '../app/standalone/run-standalone.ts';
import { REASONS } from '../domain/plan/slot-verdict.ts';
import type { SettledPullRequest } from '../app/pull-requests/settle-pull-requests.ts';
import { reportOf } from '../app/update/update-report.ts';
import type { PushEvent } from '../app/receive/push-handler.ts';
import type { AppError } from '../domain/errors.ts';

type PassEvent = Extract<StandaloneEvent, { kind: 'pass' }>;

/**
 * Tells each event once in the log, and counts it. A finding that stays from pass to pass is told when
 * it appears.
 */
export function createObserver(
  log: Logger,
  metrics: Metrics,
): (event: StandaloneEvent | ControllerEvent) => void {
  const told = new Map<string, ReadonlySet<string>>();
  return (event) => {
    switch (event.kind) {
      case 'push':
        observePush(log, metrics, event);
        return;
      case 'receiver-failed': {
        const { code, message } = event.error;
        log.error({ receiver: event.receiver, code, error: message }, 'receiver takes no pushes');
        return;
      }
      case 'pass':
        tellFindings(log, told, event);
        observePass(log, metrics, event);
        return;
      case 'pass-failed':
        tellFailure(log, metrics, { ...event, automation: automationKey(event.automation) });
        return;
      case 'push-retry': {
        const automation = automationKey(event.automation);
        metrics.pushRetries.inc({ automation });
        log.info({ automation, reason: event.reason }, 'push lost a race: planned again');
        return;
      }
      case 'config-loaded': {
        const { automations, policies } = event.resources;
        tellResources(log, metrics, { automations: automations.size, policies: policies.size });
        return;
      }
      case 'config-failed': {
        const { code, message, at } = event.error;
        const what = 'resources are invalid: the former ones stay in use';
        log.error({ code, error: message, at }, what);
        return;
      }
      default:
        observeCluster(log, metrics, event);
    }
  };
}

/** What only a controller in a cluster tells of. */
function observeCluster(
  log: Logger,
  metrics: Metrics,
  event: Exclude<ControllerEvent, StandaloneEvent>,
): void {
  switch (event.kind) {
    case 'synced':
      tellResources(log, metrics, event);
      return;
    case 'leading':
      log.info('leading: this process writes');
      return;
    case 'following':
      log.info('following: another process may write');
      return;
    case 'policy':
      metrics.policyFailed.set({ policy: event.policy }, event.choice.kind === 'failed' ? 1 : 0);
      log.debug({ policy: event.policy, choice: event.choice }, 'policy looked at');
      return;
    case 'request-failed': {
      const { ref, target, error } = event;
      const { code, message } = error;
      log.warn({ object: ref, target, code, error: message }, 'not asked to reconcile');
      return;
    }
    case 'invalid':
      log.warn({ object: event.ref, findings: event.findings }, 'the spec cannot work');
      return;
    case 'failed': {
      const { kind, namespace, name } = event.ref;
      if (kind === 'ImageUpdateAutomation') {
        tellFailure(log, metrics, { automation: `${namespace}/${name}`, ...event });
        return;
      }
      const { code, message } = event.error;
      const what = kind === 'ImagePolicy' ? 'policy' : 'receiver';
      log.error({ [what]: `${namespace}/${name}`, code, error: message }, `${what} failed`);
    }
  }
}

/** What strangers and limits are about is counted only: anybody can cause it, as often as they like. */
function observePush(log: Logger, metrics: Metrics, event: PushEvent): void {
  const { type, result, receiver, detail } = event;
  metrics.pushes.inc({ type, result });
  if (result === 'scanned') log.info({ receiver, policies: detail }, 'push received: scanning');
  else if (result === 'malformed') log.warn({ receiver, detail }, 'push not understood');
  else log.debug({ receiver, result, detail }, 'push received');
}

function tellResources(
  log: Logger,
  metrics: Metrics,
  { automations, policies }: { readonly automations: number; readonly policies: number },
): void {
  metrics.config.set({ kind: 'ImageUpdateAutomation' }, automations);
  metrics.config.set({ kind: 'ImagePolicy' }, policies);
  log.info({ automations, policies }, 'resources loaded');
}

function tellFailure(
  log: Logger,
  metrics: Metrics,
  failure: { readonly automation: string; readonly error: AppError; readonly retryAt: Date },
): void {
  const { automation, error, retryAt } = failure;
  metrics.passes.inc({ automation, result: 'failed' });
  log.error(
    { automation, code: error.code, error: error.message, at: error.at, retryAt },
    'pass failed',
  );
}

function tellFindings(log: Logger, told: Map<string, ReadonlySet<string>>, event: PassEvent): void {
  const automation = automationKey(event.automation);
  const known = told.get(automation);
  const { findings } = event.outcome.pass;
  for (const finding of findings) {
    if (known?.has(JSON.stringify(finding)) === true) continue;
    const { severity, code, at, message } = finding;
    log[severity === 'error' ? 'error' : 'warn'](
      { automation, code, at, detail: message },
      'finding',
    );
  }
  told.set(automation, new Set(findings.map((finding) => JSON.stringify(finding))));
}

function observePass(log: Logger, metrics: Metrics, event: PassEvent): void {
  const automation = automationKey(event.automation);
  const { changes, held, commits, policies } = reportOf(event.outcome);
  metrics.passes.inc({ automation, result: commits.length === 0 ? 'unchanged' : 'changed' });
  metrics.passSeconds.observe({ automation }, event.tookMs / 1_000);
  metrics.lastSuccess.set({ automation }, Date.now() / 1_000);
  for (const { policy } of changes) metrics.changes.inc({ automation, policy });
  for (const { policy, state } of policies) {
    metrics.policyFailed.set({ policy }, state === 'failed' ? 1 : 0);
  }
  countPullRequests(metrics, event);
  for (const reason of REASONS) metrics.held.remove({ automation, reason });
  for (const { reason } of held) metrics.held.inc({ automation, reason });
  if (commits.length === 0) {
    log.debug({ automation, held: held.length, tookMs: event.tookMs }, 'nothing to do');
  }
  const { retired } = event.outcome;
  if (retired !== undefined) {
    const { branch, commit } = retired;
    log.info({ automation, branch, commit }, 'branch deleted: nothing that waited there is wanted');
  }
  for (const { id, subject, branch, changes: ofCommit } of event.outcome.commits) {
    metrics.commits.inc({ automation });
    log.info({ automation, commit: id, branch, subject, changes: ofCommit }, 'pushed');
  }
}

/** What is counted of pull requests: what was written. */
const COUNTED_AS: Partial<Record<SettledPullRequest['state'], string>> = {
  opened: 'opened',
  edited: 'updated',
  closed: 'closed',
};

function countPullRequests(metrics: Metrics, { automation, outcome }: PassEvent): void {
  const forge = automation.spec.pullRequest?.provider;
  if (forge === undefined) return;
  const labels = { automation: automationKey(automation), forge };
  for (const { state } of outcome.pullRequests) {
    const result = COUNTED_AS[state];
    if (result !== undefined) metrics.pullRequests.inc({ ...labels, result });
  }
  if (outcome.failure !== undefined) metrics.pullRequests.inc({ ...labels, result: 'failed' });
}
