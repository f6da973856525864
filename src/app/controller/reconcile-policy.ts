import type { ImagePolicy } from '../../api/image-policy.ts';
import { nextEligible } from '../../domain/gates/gate-verdict.ts';
import { lockedTags, nextExpiry } from '../../domain/plan/effective-lock.ts';
import { policyKey, type PolicyView } from '../../domain/plan/policy-view.ts';
import { earliest } from '../../domain/schedule.ts';
import { policyEvents } from '../../domain/status/events.ts';
import { newestVerdicts } from '../../domain/status/newest-verdicts.ts';
import {
  isOtherEffect,
  policyStatus,
  readPolicyStatus,
  type PolicyOutcome,
} from '../../domain/status/policy-status.ts';
import { isRequested, requestOf } from '../../domain/status/request-of.ts';
import type { PolicyLook } from '../scan/policy-views.ts';
import type { ControllerContext } from './context.ts';
import { objectKey, policyIn, type KnownObject } from './objects.ts';
import { writeStatus } from './write-status.ts';

/**
 * One look at an ImagePolicy: scan where one is due, choose, tell.
 * @returns when the next scan is due, a lock lifts, or a tag that waits is old enough
 * @throws AppError when the look is to be repeated soon
 */
export async function reconcilePolicy(
  context: ControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const known = context.objects.get('ImagePolicy', key);
  if (known === undefined) return undefined;
  const { object, read } = known;
  const policy = policyIn(known);
  if (policy === undefined) {
    if (read.kind === 'invalid') {
      context.onEvent({ kind: 'invalid', ref: object.ref, findings: read.findings });
      await tell(context, known, read, signal);
    }
    return undefined;
  }
  const status = readPolicyStatus(context.objects.statusOf(known));
  if (isRequested(object.annotations, status)) context.scans.forget(policy);
  const look = await lookAt(context, policy, signal);
  context.onEvent({ kind: 'policy', policy: key, choice: look.view.choice });
  await tell(context, known, outcomeOf(policy, look), signal);
  // Failed lists are repeated by the scans themselves; a digest is asked for again with the next look.
  if (look.error !== undefined && look.scan !== undefined) throw look.error;
  return policy.spec.suspend ? undefined : nextLook(context, look.view);
}

function lookAt(
  { views, ports }: ControllerContext,
  policy: ImagePolicy,
  signal: AbortSignal,
): Promise<PolicyLook> {
  const locked = lockedTags([], [policy], ports.clock.now());
  return views.look(policy, locked.get(policyKey(policy)) ?? new Set(), signal);
}

function outcomeOf(policy: ImagePolicy, { view, scan, error }: PolicyLook): PolicyOutcome {
  if (error !== undefined) return { kind: 'failed', policy, error };
  const list =
    scan === undefined || policy.spec.policy.digest !== undefined
      ? undefined
      : { at: scan.at, tagCount: scan.tags.size, revision: scan.revision };
  return {
    kind: 'seen',
    view,
    ...(list === undefined ? {} : { list }),
    verdicts: () => newestVerdicts(view, scan?.tags ?? []),
  };
}

/** Automations are told first: the repo can be brought up to date even while the API server is away. */
async function tell(
  context: ControllerContext,
  known: KnownObject,
  outcome: PolicyOutcome,
  signal: AbortSignal,
): Promise<void> {
  const { objects, ports } = context;
  if (!objects.has(known.object)) return;
  const { ref, generation, annotations } = known.object;
  const previous = readPolicyStatus(objects.statusOf(known));
  const key = objectKey(ref);
  const status = {
    ...policyStatus(outcome, {
      previous,
      generation,
      requestedAt: requestOf(annotations),
      now: ports.clock.now(),
    }),
    deployed: context.views.deployments.kept(key, previous.deployed),
  };
  const before = context.found.get(key) ?? previous;
  context.found.set(key, status);
  if (isOtherEffect(before, status)) context.runAutomationsOf(key);
  await writeStatus(context, known, { status, events: policyEvents(previous, status) }, signal);
}

function nextLook(
  { scans, ports }: ControllerContext,
  { policy, passedOver }: PolicyView,
): Date | undefined {
  return earliest(
    scans.nextDue(policy),
    nextExpiry([], [policy], ports.clock.now()),
    nextEligible(passedOver),
  );
}
