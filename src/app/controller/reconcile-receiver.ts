import type { ImageReceiver } from '../../api/image-receiver.ts';
import { asAppError } from '../../domain/errors.ts';
import { receiverEvents } from '../../domain/status/events.ts';
import {
  readReceiverStatus,
  receiverStatus,
  type ReceiverOutcome,
} from '../../domain/status/receiver-status.ts';
import { requestOf } from '../../domain/status/request-of.ts';
import { openReceiver } from '../receive/receivers.ts';
import type { ControllerContext } from './context.ts';
import { receiverIn, type KnownObject } from './objects.ts';
import { writeStatus } from './write-status.ts';

/** Secrets that nobody reads for an hour are no longer followed. */
const LOOK_AGAIN_MS = 20 * 60_000;

/**
 * Opens an ImageReceiver, or closes it where it cannot be open.
 * @returns when its Secret is to be read again
 * @throws AppError when it is to be tried again
 */
export async function reconcileReceiver(
  context: ControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const known = context.objects.get('ImageReceiver', key);
  if (known === undefined) return undefined;
  const { object, read } = known;
  const receiver = receiverIn(known);
  if (receiver !== undefined) {
    await open(context, known, receiver, signal);
    return new Date(context.ports.clock.now().getTime() + LOOK_AGAIN_MS);
  }
  if (read.kind === 'invalid') {
    context.receivers?.close(object.ref);
    context.onEvent({ kind: 'invalid', ref: object.ref, findings: read.findings });
    await tell(context, known, read, signal);
  }
  return undefined;
}

/** A failure is told before it is passed on. */
async function open(
  context: ControllerContext,
  known: KnownObject,
  receiver: ImageReceiver,
  signal: AbortSignal,
): Promise<void> {
  const { receivers, ports, objects } = context;
  if (receivers === undefined) return;
  try {
    const { path } = await openReceiver(receivers, receiver, ports.secrets, signal);
    const isSuspended = receiver.spec.suspend;
    if (!objects.has(known.object)) receivers.close(receiver.metadata);
    else await tell(context, known, { kind: 'open', path, isSuspended }, signal);
  } catch (thrown) {
    const error = asAppError(thrown);
    if (error.code !== 'cancelled') await tell(context, known, { kind: 'failed', error }, signal);
    throw error;
  }
}

async function tell(
  context: ControllerContext,
  known: KnownObject,
  outcome: ReceiverOutcome,
  signal: AbortSignal,
): Promise<void> {
  const { objects, ports } = context;
  const { generation, annotations } = known.object;
  const previous = readReceiverStatus(objects.statusOf(known));
  const status = receiverStatus(outcome, {
    previous,
    generation,
    requestedAt: requestOf(annotations),
    now: ports.clock.now(),
  });
  await writeStatus(context, known, { status, events: receiverEvents(previous, status) }, signal);
}
