import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { asAppError, AppError } from '../../domain/errors.ts';
import { followedPolicies } from '../../domain/promotion/promotion-source.ts';
import {
  grantingPolicies,
  policiesOf,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import { backoffMs, parseDuration } from '../../domain/schedule.ts';
import type { Clock } from '../../ports/ports.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { PushEvent } from '../receive/push-handler.ts';
import type { Alarm, Sleeper } from './alarm.ts';
import type { ReceiverFailed } from './standalone-pushes.ts';
import type { RepositoryScans } from '../scan/repository-scans.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';

/** How often the config folder is looked at again. */
const CONFIG_POLL_MS = 10_000;
/** Waiting after failures grows from here, and never beyond the automation's own interval. */
const FIRST_BACKOFF_MS = 2_000;

/** A push that lost a race: what is to be written is planned again on the new head. */
export interface PushRetry {
  readonly kind: 'push-retry';
  readonly automation: ImageUpdateAutomation;
  readonly reason: string;
}

/** An outcome, told to whoever logs, counts and keeps status. */
export type StandaloneEvent =
  | {
      readonly kind: 'pass';
      readonly automation: ImageUpdateAutomation;
      readonly outcome: CarriedOutPass;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'pass-failed';
      readonly automation: ImageUpdateAutomation;
      readonly error: AppError;
      readonly retryAt: Date;
    }
  | PushEvent
  | ReceiverFailed
  | PushRetry
  | { readonly kind: 'config-failed'; readonly error: AppError }
  | { readonly kind: 'config-loaded'; readonly resources: Resources };

/** What the loop works with. */
export interface StandalonePorts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly scans: RepositoryScans;
  /** Wakes the loops of policies that are to be scanned before their time. */
  readonly alarm: Alarm;
  /** The resources as they are in the config folder now. */
  readonly loadResources: (signal: AbortSignal) => Promise<Resources>;
  /** One pass for one automation; passes over the same branch are never run at the same time. */
  readonly runPass: (
    automation: ImageUpdateAutomation,
    resources: Resources,
    signal: AbortSignal,
  ) => Promise<CarriedOutPass>;
  readonly onEvent: (event: StandaloneEvent) => void;
}

/** The resources in use, and what is wrong with those that would have taken their place. */
interface Loaded {
  readonly resources: Resources;
  readonly problem?: string;
}

/**
 * The controller without a cluster. Each automation has a loop of its own, so that a slow one delays
 * no other; a change of the config folder restarts the loops that it concerns. An invalid folder is
 * reported once, and the former resources stay in use.
 * @throws AppError when the resources cannot be read at the start; later on, the former stay in use
 */
export async function runStandalone(ports: StandalonePorts, signals: StopSignals): Promise<void> {
  const workers = new Map<string, AbortController>();
  // Loops that were stopped may still be ending a pass: they are waited for, too.
  const running = new Set<Promise<void>>();
  let loaded: Loaded = { resources: await ports.loadResources(signals.abort) };
  ports.onEvent({ kind: 'config-loaded', resources: loaded.resources });
  while (!signals.stop.aborted) {
    for (const done of syncWorkers(ports, workers, loaded.resources, signals)) {
      running.add(done);
      void done.finally(() => running.delete(done));
    }
    await pause(ports.clock, CONFIG_POLL_MS, signals.stop);
    if (!signals.stop.aborted) loaded = await reload(ports, loaded, signals.abort);
  }
  await Promise.all(running);
}

/** Reads the config folder again. Each problem is told once, and so is its end. */
async function reload(
  ports: StandalonePorts,
  { resources: former, problem }: Loaded,
  signal: AbortSignal,
): Promise<Loaded> {
  try {
    const resources = await ports.loadResources(signal);
    if (resources !== former || problem !== undefined) {
      ports.onEvent({ kind: 'config-loaded', resources });
    }
    return { resources };
  } catch (thrown) {
    const error = asAppError(thrown);
    const found = JSON.stringify([error.at, error.message]);
    if (found !== problem) ports.onEvent({ kind: 'config-failed', error });
    return { resources: former, problem: found };
  }
}

/**
 * One loop for each automation as it is now; loops of automations that changed or went are stopped.
 * @returns the loops that were begun
 */
function syncWorkers(
  ports: StandalonePorts,
  workers: Map<string, AbortController>,
  resources: Resources,
  signals: StopSignals,
): readonly Promise<void>[] {
  const known = [...resources.policies.keys()];
  const promotions = promotionsIn(resources);
  const wanted = new Map(
    [...resources.automations.values()]
      .filter((automation) => !automation.spec.suspend)
      .map((automation) => [
        JSON.stringify([
          automation,
          policiesOf(automation, resources),
          grantingPolicies(automation, resources),
          known,
          promotions,
        ]),
        automation,
      ]),
  );
  for (const [identity, worker] of workers) {
    if (wanted.has(identity)) continue;
    worker.abort();
    workers.delete(identity);
  }
  const begun: Promise<void>[] = [];
  for (const [identity, automation] of wanted) {
    if (workers.has(identity)) continue;
    const stop = new AbortController();
    const own = { stop: AbortSignal.any([signals.stop, stop.signal]), abort: signals.abort };
    // Which policies it applies may only be in the repo; a pass too many costs one listing of refs.
    const sleeper = ports.alarm.sleeper(automation.metadata.namespace);
    const running = runAutomation({ ...ports, sleeper }, automation, resources, own);
    begun.push(running.finally(() => sleeper.leave()));
    workers.set(identity, stop);
  }
  return begun;
}

/** What promotions depend on besides an automation's own policies: a change of it concerns every loop. */
function promotionsIn({ policies, automations }: Resources): readonly unknown[] {
  const followed = followedPolicies(policies.values());
  if (followed.size === 0) return [];
  const isConcerned = ([key, { spec }]: readonly [string, ImagePolicy]) =>
    followed.has(key) || spec.promoteFrom !== undefined;
  return [[...policies].filter(isConcerned), [...automations]];
}

async function runAutomation(
  ports: StandalonePorts & { readonly sleeper: Sleeper },
  automation: ImageUpdateAutomation,
  resources: Resources,
  signals: StopSignals,
): Promise<void> {
  let failures = 0;
  while (!signals.stop.aborted) {
    const started = ports.clock.now();
    let due: Date;
    try {
      const outcome = await ports.runPass(automation, resources, signals.abort);
      ports.sleeper.attend(outcome.pass.views.keys());
      due = nextPass(ports, automation, outcome, started);
      const tookMs = ports.clock.now().getTime() - started.getTime();
      ports.onEvent({ kind: 'pass', automation, outcome, tookMs });
      if (outcome.failure !== undefined) throw outcome.failure;
      failures = 0;
    } catch (thrown) {
      const error = asAppError(thrown);
      if (signals.abort.aborted) return;
      failures += 1;
      const waitMs = Math.max(retryMs(ports, automation, failures), error.afterMs ?? 0);
      due = new Date(ports.clock.now().getTime() + waitMs);
      ports.onEvent({ kind: 'pass-failed', automation, error, retryAt: due });
    }
    const waitMs = due.getTime() - ports.clock.now().getTime();
    // A server that fails is left alone until then, whatever is pushed meanwhile.
    if (failures > 0) await pause(ports.clock, waitMs, signals.stop);
    else await ports.sleeper.sleep(ports.clock, waitMs, signals.stop);
  }
}

/** The interval, or sooner: when a policy is to be scanned, a lock lifts, a window opens or closes, or changes have waited for more. */
function nextPass(
  ports: StandalonePorts,
  automation: ImageUpdateAutomation,
  { pass }: CarriedOutPass,
  started: Date,
): Date {
  const times = [
    started.getTime() + parseDuration(automation.spec.interval),
    ...(pass.nextChange === undefined ? [] : [pass.nextChange.getTime()]),
    ...[...pass.views.values()]
      .filter(({ policy }) => !policy.spec.suspend)
      .map(({ policy }) => ports.scans.nextDue(policy).getTime()),
  ];
  return new Date(Math.min(...times));
}

function retryMs(
  ports: StandalonePorts,
  automation: ImageUpdateAutomation,
  failures: number,
): number {
  const maxMs = parseDuration(automation.spec.interval);
  return backoffMs(failures, { firstMs: FIRST_BACKOFF_MS, maxMs, random: ports.random() });
}

/** Sleeps until the time is over or the signal fires; either is a normal end. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(Math.max(0, ms), signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'cancelled') throw error;
  }
}

/** `namespace/name` of an automation. */
export function automationKey({ metadata }: ImageUpdateAutomation): string {
  return `${metadata.namespace}/${metadata.name}`;
}
