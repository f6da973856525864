import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ReceiverType } from '../../api/image-receiver.ts';
import { asAppError } from '../../domain/errors.ts';
import { isConcerned, type PushedImage } from '../../domain/push/pushed-image.ts';
import { appliesTo } from '../../domain/resources/merge-resources.ts';
import type { Clock } from '../../ports/ports.ts';
import type {
  PushAnswer,
  PushHandler,
  PushHead,
  PushMessages,
  PushReading,
} from '../../ports/push.ts';
import { RateLimits, type Rate } from './rate-limits.ts';
import type { OpenReceiver, Receivers } from './receivers.ts';

/** What became of a request. A closed set: it is a label of a metric. */
export const PUSH_RESULTS = [
  'scanned',
  'ignored',
  'refused',
  'malformed',
  'limited',
  'unavailable',
  'relayed',
] as const;

/** A request of a registry, told to whoever logs and counts. */
export interface PushEvent {
  readonly kind: 'push';
  readonly result: (typeof PUSH_RESULTS)[number];
  /** `unknown`: there is no receiver at that path. */
  readonly type: ReceiverType | 'unknown';
  /** `namespace/name`, where there is one. */
  readonly receiver?: string;
  /** Policies that are scanned, or what is wrong. */
  readonly detail?: string;
}

/** What answering works with. */
export interface PushHandlerOptions {
  readonly clock: Clock;
  readonly messages: PushMessages;
  readonly receivers: Receivers;
  /** The policies as they are now. */
  readonly policies: () => readonly ImagePolicy[];
  /** Hints that policies should be scanned. */
  readonly hint: (policies: readonly ImagePolicy[]) => void;
  readonly onEvent: (event: PushEvent) => void;
}

/** Of one receiver; a registry that pushes a hundred images sends an event for each of their layers. */
export const PER_RECEIVER: Rate = { burst: 500, perSecond: 50 };
/** Of one receiver and sender, so that one who only knows the path leaves room for the others. */
export const PER_SENDER: Rate = { burst: 250, perSecond: 25 };
/** Of one sender to paths that do not exist. */
const PER_STRANGER: Rate = { burst: 50, perSecond: 5 };

/** When a sender is to come back after a failure of ours, in s. */
export const RETRY_AFTER_S = 5;

/** Answers the requests of registries: who may send makes the policies that it is about scan at once. */
export function createPushHandler(options: PushHandlerOptions): PushHandler {
  const limits = new RateLimits();
  return (head) => {
    const now = options.clock.now().getTime();
    const open = options.receivers.at(head.path);
    const waitMs = takePlace(limits, head, open, now);
    if (waitMs > 0) {
      tell(options, open, { result: 'limited' });
      return { status: 429, retryAfterS: Math.ceil(waitMs / 1_000) };
    }
    if (open === undefined && !options.receivers.isComplete) {
      tell(options, open, { result: 'unavailable' });
      return { status: 503, retryAfterS: RETRY_AFTER_S };
    }
    if (open === undefined) {
      tell(options, open, { result: 'refused' });
      return { status: 404 };
    }
    return async (body, signal) =>
      body === undefined
        ? answerTooLarge(options, open)
        : answer(options, open, { headers: head.headers, body }, signal);
  };
}

/** @returns how long the sender has to wait, in ms */
function takePlace(
  limits: RateLimits,
  { source }: PushHead,
  open: OpenReceiver | undefined,
  now: number,
): number {
  if (open === undefined) return limits.take(`stranger ${source}`, PER_STRANGER, now);
  const key = keyOf(open);
  const ofSender = limits.take(`${key} ${source}`, PER_SENDER, now);
  return ofSender > 0 ? ofSender : limits.take(key, PER_RECEIVER, now);
}

/** Nothing of the body was read, so nobody has shown that they may send. */
function answerTooLarge(options: PushHandlerOptions, open: OpenReceiver): PushAnswer {
  tell(options, open, { result: 'malformed', detail: 'the body is too large' });
  return { status: 413 };
}

async function answer(
  options: PushHandlerOptions,
  open: OpenReceiver,
  request: Parameters<PushMessages['read']>[1],
  signal: AbortSignal,
): Promise<PushAnswer> {
  const { type, identity } = open.receiver.spec;
  const sender = { type, token: open.token, ...(identity === undefined ? {} : { identity }) };
  let reading: PushReading;
  try {
    reading = await options.messages.read(sender, request, signal);
  } catch (thrown) {
    tell(options, open, { result: 'unavailable', detail: asAppError(thrown).message });
    return { status: 503, retryAfterS: RETRY_AFTER_S };
  }
  switch (reading.kind) {
    case 'refused':
      tell(options, open, { result: 'refused' });
      return { status: 401 };
    case 'malformed':
      tell(options, open, { result: 'malformed', detail: reading.message });
      return { status: 400, message: reading.message };
    case 'pushes':
      return scan(options, open, reading.images);
  }
}

function scan(
  options: PushHandlerOptions,
  open: OpenReceiver,
  images: readonly PushedImage[],
): PushAnswer {
  const policies = options
    .policies()
    .filter(
      (policy) =>
        !policy.spec.suspend &&
        appliesTo(open.receiver, policy.metadata) &&
        isConcerned(policy, images),
    );
  if (policies.length === 0 || open.receiver.spec.suspend) {
    tell(options, open, { result: 'ignored' });
    return { status: 204 };
  }
  options.hint(policies);
  const detail = policies
    .map(({ metadata: { name } }) => name)
    .toSorted()
    .join(', ');
  tell(options, open, { result: 'scanned', detail });
  return { status: 202 };
}

function tell(
  { onEvent }: PushHandlerOptions,
  open: OpenReceiver | undefined,
  event: Pick<PushEvent, 'result' | 'detail'>,
): void {
  const what = open === undefined ? {} : { receiver: keyOf(open) };
  onEvent({ kind: 'push', type: open?.receiver.spec.type ?? 'unknown', ...what, ...event });
}

function keyOf({ receiver: { metadata } }: OpenReceiver): string {
  return `${metadata.namespace}/${metadata.name}`;
}
