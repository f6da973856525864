import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { asAppError } from '../../domain/errors.ts';
import { parseDuration } from '../../domain/schedule.ts';
import {
  automationStatus,
  readAutomationStatus,
  type AutomationOutcome,
} from '../../domain/status/automation-status.ts';
import { automationEvents, pullRequestEvent, pushEvent } from '../../domain/status/events.ts';
import { isRequested, requestOf } from '../../domain/status/request-of.ts';
import type { ClusterObject } from '../../ports/cluster.ts';
import {
  configRepo,
  inNamespaceOf,
  withRepo,
  type ConfigRepo,
  type SourceReader,
} from '../access/config-repo.ts';
import { gitAccess } from '../access/git-access.ts';
import { isOnBranch } from '../update/commit-drafts.ts';
import { finishedPass } from '../update/finished-pass.ts';
import type { CarriedOutPass } from '../update/update-branch.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import type { ControllerContext } from './context.ts';
import { automationIn, objectKey, type ClusterObjects, type KnownObject } from './objects.ts';
import { requestReconcile } from './request-reconcile.ts';
import { writeStatus } from './write-status.ts';

/**
 * One run of an ImageUpdateAutomation: everything that its policies say now, in at most one commit.
 * @returns when the repo is to be looked at again, a lock lifts, a window opens or closes, or changes have waited for more
 * @throws AppError when the run failed and is to be repeated
 */
export async function reconcileAutomation(
  context: ControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const known = context.objects.get('ImageUpdateAutomation', key);
  if (known === undefined) return undefined;
  const { object, read } = known;
  const automation = automationIn(known);
  if (automation === undefined) {
    context.repos.set(key, undefined);
    if (read.kind === 'invalid') {
      context.onEvent({ kind: 'invalid', ref: object.ref, findings: read.findings });
      await tell(context, known, read, signal);
    }
    return undefined;
  }
  if (automation.spec.suspend) {
    context.views.deployments.lost(key, 'it was suspended');
    await tell(context, known, { kind: 'suspended' }, signal);
    return undefined;
  }
  const status = readAutomationStatus(context.objects.statusOf(known));
  if (isRequested(object.annotations, status)) context.batches.ask(key);
  const started = context.ports.clock.now();
  const interval = new Date(started.getTime() + parseDuration(automation.spec.interval));
  const ran = await run(context, known, automation, signal);
  if ('suspendedBy' in ran) {
    await tell(context, known, { kind: 'suspended', by: ran.suspendedBy }, signal);
    return interval;
  }
  await tell(
    context,
    known,
    { kind: 'passed', pass: finishedPass(ran, context.objects.unusablePolicies(automation)) },
    signal,
  );
  const { nextChange } = ran.pass;
  return nextChange !== undefined && nextChange < interval ? nextChange : interval;
}

/** The pass itself; a failure is told before it is passed on. */
async function run(
  context: ControllerContext,
  known: KnownObject,
  automation: ImageUpdateAutomation,
  signal: AbortSignal,
): Promise<CarriedOutPass | { readonly suspendedBy: string }> {
  const { clock } = context.ports;
  const started = clock.now().getTime();
  const lost = (trouble: string) =>
    context.views.deployments.lost(objectKey(known.object.ref), trouble);
  try {
    const repo = await repoOf(context, known, automation, signal);
    if (repo.suspendedBy !== undefined) {
      lost(`${repo.suspendedBy} is suspended`);
      return { suspendedBy: repo.suspendedBy };
    }
    const outcome = await update(context, known, { automation, repo }, signal);
    const tookMs = clock.now().getTime() - started;
    context.onEvent({ kind: 'pass', automation, outcome, tookMs });
    await tellPush(context, known, outcome, signal);
    // What waits on another branch is not there yet for those who follow this one.
    if (outcome.commits.some((commit) => isOnBranch(commit, repo.git.branch))) {
      await requestReconcile(context, known.object, automation, signal);
    }
    if (context.objects.has(known.object)) {
      context.foreign.set(objectKey(known.object.ref), outcome.pass.foreign);
    }
    lookAtPolicies(context, outcome.pass);
    if (outcome.failure !== undefined) throw outcome.failure;
    return outcome;
  } catch (thrown) {
    const error = asAppError(thrown);
    lost(error.message);
    if (error.code !== 'cancelled') await tell(context, known, { kind: 'failed', error }, signal);
    throw error;
  }
}

async function repoOf(
  { cluster, crossNamespace, objects, repos }: ControllerContext,
  { object }: KnownObject,
  automation: ImageUpdateAutomation,
  signal: AbortSignal,
): Promise<ConfigRepo> {
  const { isAllowed } = crossNamespace;
  const read: SourceReader['read'] = (ref, until) => cluster.readObject(ref, until);
  const repo = await configRepo(automation, { isAllowed, read }, signal);
  if (objects.has(object)) repos.set(objectKey(object.ref), repo);
  return repo;
}

async function update(
  { ports, sessions, objects, leadership, crossNamespace, onEvent }: ControllerContext,
  { object }: KnownObject,
  { automation, repo }: { readonly automation: ImageUpdateAutomation; readonly repo: ConfigRepo },
  signal: AbortSignal,
): Promise<CarriedOutPass> {
  const access = await gitAccess(inNamespaceOf(repo, automation), ports.secrets, signal);
  const request = {
    resources: objects.resources(),
    inCluster: objects.policyKeys(),
    chooseAutomation: () => withRepo(repo, automation),
    crossNamespace,
    isLoginLent: repo.namespace !== automation.metadata.namespace,
  };
  // Neither a process that lost the lease writes, nor one whose automation was deleted or suspended meanwhile.
  const mayWrite = () => leadership.holds() && isWanted(objects, object);
  const onRetry = (reason: string) => onEvent({ kind: 'push-retry', automation, reason });
  return sessions.update(access, request, { dryRun: false, mayWrite, onRetry, signal });
}

function isWanted(objects: ClusterObjects, { ref, uid }: ClusterObject): boolean {
  const known = objects.get('ImageUpdateAutomation', objectKey(ref));
  return known?.object.uid === uid && automationIn(known)?.spec.suspend === false;
}

/** Whatever the API server does next: commits are at the remote, and must not be forgotten. */
async function tellPush(
  { untoldPushes, cluster, ports }: ControllerContext,
  { object }: KnownObject,
  { commits, pullRequests }: CarriedOutPass,
  signal: AbortSignal,
): Promise<void> {
  for (const { id, branch, changes } of commits) {
    if (branch === undefined) continue;
    const push = { commit: id, branch, at: ports.clock.now() };
    untoldPushes.set(objectKey(object.ref), push);
    await cluster.record({ object, ...pushEvent(push, changes) }, signal);
  }
  for (const { state, title, url } of pullRequests) {
    if ((state !== 'opened' && state !== 'closed') || url === undefined) continue;
    await cluster.record({ object, ...pullRequestEvent({ state, title, url }) }, signal);
  }
}

/** A pass may have seen a newer scan than the last look at a policy did. */
function lookAtPolicies({ found, lookAtPolicy }: ControllerContext, { views }: PlannedPass): void {
  for (const [key, { choice }] of views) {
    const status = found.get(key);
    if (choice.kind !== 'selected' || status === undefined) continue;
    const { latest } = status;
    if (latest?.tag !== choice.tag || latest.digest !== choice.digest) lookAtPolicy(key);
  }
}

async function tell(
  context: ControllerContext,
  known: KnownObject,
  outcome: AutomationOutcome,
  signal: AbortSignal,
): Promise<void> {
  const { objects, ports, untoldPushes } = context;
  const { ref, generation, annotations } = known.object;
  const previous = readAutomationStatus(objects.statusOf(known));
  const push = untoldPushes.get(objectKey(ref));
  const status = automationStatus(
    outcome,
    { previous, generation, requestedAt: requestOf(annotations), now: ports.clock.now() },
    push,
  );
  await writeStatus(context, known, { status, events: automationEvents(previous, status) }, signal);
  if (untoldPushes.get(objectKey(ref)) === push) untoldPushes.delete(objectKey(ref));
}
