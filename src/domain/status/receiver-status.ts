import type { Condition } from '../../api/conditions.ts';
import {
  imageReceiverStatusSchema,
  type ImageReceiverStatus,
} from '../../api/image-receiver-status.ts';
import type { AppError, Finding } from '../errors.ts';
import { conditionsOf, type Verdict } from './conditions.ts';
import { failureVerdict } from './failure-verdict.ts';
import type { StatusContext } from './policy-status.ts';
import { specVerdict } from './spec-verdict.ts';

/** What came of opening a receiver. */
export type ReceiverOutcome =
  | { readonly kind: 'invalid'; readonly findings: readonly [Finding, ...Finding[]] }
  | { readonly kind: 'failed'; readonly error: Pick<AppError, 'code' | 'message'> }
  | { readonly kind: 'open'; readonly path: string; readonly isSuspended: boolean };

/** The status that an API server keeps, as far as it can be understood; else an empty one. */
export function readReceiverStatus(raw: unknown): ImageReceiverStatus {
  return imageReceiverStatusSchema.safeParse(raw).data ?? {};
}

/** Status of an ImageReceiver: the same outcome again gives the same status, to the byte. */
export function receiverStatus(
  outcome: ReceiverOutcome,
  { previous, generation, requestedAt, now }: StatusContext<ImageReceiverStatus>,
): ImageReceiverStatus {
  const conditions = (previous.conditions ?? []) as readonly Condition[];
  return {
    ...previous,
    path: pathAfter(outcome, previous.path),
    conditions: [...conditionsOf(verdictOn(outcome), conditions, { generation, now })],
    observedGeneration: generation,
    lastHandledReconcileAt: requestedAt ?? previous.lastHandledReconcileAt,
  };
}

/** Of a failure that says nothing about the Secret, the receiver stays open. */
function pathAfter(outcome: ReceiverOutcome, previous: string | undefined): string | undefined {
  if (outcome.kind === 'open') return outcome.path;
  const isClosed =
    outcome.kind === 'invalid' ||
    outcome.error.code === 'secret/not-found' ||
    outcome.error.code === 'secret/invalid';
  return isClosed ? undefined : previous;
}

function verdictOn(outcome: ReceiverOutcome): Verdict {
  switch (outcome.kind) {
    case 'invalid':
      return specVerdict(outcome.findings);
    case 'failed':
      return failureVerdict(outcome.error, 'SecretNotFound');
    case 'open':
      return outcome.isSuspended
        ? { state: 'ready', reason: 'Suspended', message: 'suspended: no push is acted on' }
        : {
            state: 'ready',
            reason: 'Succeeded',
            message: 'takes pushes at the path in status.path',
          };
  }
}
