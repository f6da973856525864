import type { Logger } from '../adapters/telemetry/logger.ts';
import type { Metrics } from '../adapters/telemetry/metrics.ts';
import { automationKey, type StandaloneEvent } from '../app/standalone.ts';
import { REASONS } from '../domain/plan/decide-slot.ts';
import { reportOf } from '../app/update-report.ts';

type PassEvent = Extract<StandaloneEvent, { kind: 'pass' }>;

/**
 * Tells each event once in the log, and counts it. A finding that stays from pass to pass is told when
 * it appears.
 */
export function createObserver(log: Logger, metrics: Metrics): (event: StandaloneEvent) => void {
  const told = new Map<string, ReadonlySet<string>>();
  return (event) => {
    switch (event.kind) {
      case 'config-loaded': {
        const { automations, policies } = event.resources;
        metrics.config.set({ kind: 'ImageUpdateAutomation' }, automations.size);
        metrics.config.set({ kind: 'ImagePolicy' }, policies.size);
        log.info({ automations: automations.size, policies: policies.size }, 'resources loaded');
        return;
      }
      case 'config-failed':
        log.error(
          { code: event.error.code, error: event.error.message, at: event.error.at },
          'resources are invalid: the former ones stay in use',
        );
        return;
      case 'pass-failed': {
        const automation = automationKey(event.automation);
        metrics.passes.inc({ automation, result: 'failed' });
        log.error(
          {
            automation,
            code: event.error.code,
            error: event.error.message,
            at: event.error.at,
            retryAt: event.retryAt,
          },
          'pass failed',
        );
        return;
      }
      case 'pass':
        tellFindings(log, told, event);
        observePass(log, metrics, event);
    }
  };
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
  const report = reportOf(event.outcome.pass, event.outcome.commit);
  const { changes, held, commit, policies } = report;
  metrics.passes.inc({ automation, result: commit === undefined ? 'unchanged' : 'changed' });
  metrics.passSeconds.observe({ automation }, event.tookMs / 1_000);
  metrics.lastSuccess.set({ automation }, Date.now() / 1_000);
  for (const { policy } of changes) metrics.changes.inc({ automation, policy });
  for (const { policy, state } of policies) {
    metrics.policyFailed.set({ policy }, state === 'failed' ? 1 : 0);
  }
  for (const reason of REASONS) metrics.held.remove({ automation, reason });
  for (const { reason } of held) metrics.held.inc({ automation, reason });
  if (commit === undefined) {
    log.debug({ automation, held: held.length, tookMs: event.tookMs }, 'nothing to do');
    return;
  }
  metrics.commits.inc({ automation });
  log.info({ automation, commit: commit.id, subject: commit.subject, changes }, 'pushed');
}
