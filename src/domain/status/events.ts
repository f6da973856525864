import type { Condition } from '../../api/conditions.ts';
import type { ImagePolicyStatus } from '../../api/image-policy-status.ts';
import type { ImageReceiverStatus } from '../../api/image-receiver-status.ts';
import type { ImageUpdateAutomationStatus } from '../../api/image-update-automation-status.ts';
import { targetText } from '../plan/target.ts';
import type { Change } from '../plan/update-plan.ts';
import type { Push } from './automation-status.ts';
import { readyOf } from './conditions.ts';
import { isSameImage } from './policy-status.ts';
import { shortened } from './shortened.ts';

/** Longest note of an event (Kubernetes API, events.k8s.io/v1). */
const MAX_EVENT_CHARS = 1_024;

/** What an event says, before it is tied to an object. */
export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Events of a policy's transition: another choice, and another reason to be ready or not. */
export function policyEvents(
  before: ImagePolicyStatus,
  after: ImagePolicyStatus,
): readonly EventText[] {
  return [...choiceEvents(before, after), ...readinessEvents(before, after)];
}

/** Events of an automation's transition: another reason to be ready or not. */
export function automationEvents(
  before: ImageUpdateAutomationStatus,
  after: ImageUpdateAutomationStatus,
): readonly EventText[] {
  return readinessEvents(before, after);
}

/** Events of a receiver's transition: another reason to be ready or not. */
export function receiverEvents(
  before: ImageReceiverStatus,
  after: ImageReceiverStatus,
): readonly EventText[] {
  return readinessEvents(before, after);
}

/** The event of a push: which commit, and what it moved from where to where. */
export function pushEvent(
  { commit, branch }: Pick<Push, 'commit' | 'branch'>,
  changes: readonly Change[],
): EventText {
  const steps = new Set(changes.map(({ image, from, to }) => step(image, from, to)));
  const message = `${[...steps].join(', ')} (commit ${commit} on ${branch})`;
  if (message.length <= MAX_EVENT_CHARS) return { type: 'Normal', reason: 'Pushed', message };
  // The commit says the rest, and must not be what is cut off.
  const counted = `${steps.size} images (commit ${commit} on ${branch}): ${[...steps].join(', ')}`;
  return { type: 'Normal', reason: 'Pushed', message: shortened(counted, MAX_EVENT_CHARS) };
}

/** A pull request that was opened or closed. */
export interface ChangedPullRequest {
  readonly state: 'opened' | 'closed';
  readonly title: string;
  readonly url: string;
}

/** The event of a pull request that was opened, or closed because there is nothing left to do. */
export function pullRequestEvent({ state, title, url }: ChangedPullRequest): EventText {
  const isNew = state === 'opened';
  const message = `${isNew ? 'opened' : 'closed, for nothing is left to do:'} ${url} ${title}`;
  return {
    type: 'Normal',
    reason: isNew ? 'PullRequestOpened' : 'PullRequestClosed',
    message: shortened(message, MAX_EVENT_CHARS),
  };
}

function choiceEvents(before: ImagePolicyStatus, after: ImagePolicyStatus): readonly EventText[] {
  const { latest, previous } = after;
  if (latest === undefined) return [];
  if (before.latest !== undefined && isSameImage(before.latest, latest)) return [];
  const message = step(latest.image, previous && targetOf(previous), targetOf(latest));
  return [{ type: 'Normal', reason: 'NewTag', message: shortened(message, MAX_EVENT_CHARS) }];
}

function targetOf({ tag, digest }: NonNullable<ImagePolicyStatus['latest']>): string {
  return targetText({ tag, ...(digest === undefined ? {} : { digest }) });
}

function step(image: string, from: string | undefined, to: string): string {
  return from === undefined ? `${image} ${to}` : `${image} ${from} -> ${to}`;
}

interface WithConditions {
  readonly conditions?: readonly { readonly type: string }[] | undefined;
}

/** That all went well from the start is worth no event; any other change of reason is. */
function readinessEvents(before: WithConditions, after: WithConditions): readonly EventText[] {
  const was = readyOf(before.conditions as readonly Condition[] | undefined);
  const is = readyOf(after.conditions as readonly Condition[] | undefined);
  if (is === undefined || (was?.status === is.status && was.reason === is.reason)) return [];
  if (was === undefined && is.reason === 'Succeeded') return [];
  return [
    {
      type: is.status === 'True' ? 'Normal' : 'Warning',
      reason: is.reason,
      message: shortened(is.message, MAX_EVENT_CHARS),
    },
  ];
}
