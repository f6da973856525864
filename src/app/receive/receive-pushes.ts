import { createPushHandler, RETRY_AFTER_S, type PushHandlerOptions } from './push-handler.ts';
import { Receivers } from './receivers.ts';
import { ScanHints, type ScanHintOptions } from './scan-hints.ts';
import type { PushHandler } from '../../ports/push.ts';

/** What receiving works with. */
export type ReceiveOptions = ScanHintOptions & Omit<PushHandlerOptions, 'receivers' | 'hint'>;

/** The receivers of a process that acts on pushes, and the answers that it gives. */
export interface PushReceiving {
  readonly receivers: Receivers;
  readonly handler: PushHandler;
}

/** Begins to receive: no receiver is open yet. Once it is to stop, senders are to come again. */
export function receivePushes(options: ReceiveOptions): PushReceiving {
  const receivers = new Receivers(options.messages);
  const hints = new ScanHints(options);
  const hint: PushHandlerOptions['hint'] = (policies) => hints.hint(policies);
  const answer = createPushHandler({ ...options, receivers, hint });
  return {
    receivers,
    handler: (head) =>
      options.stop.aborted ? { status: 503, retryAfterS: RETRY_AFTER_S } : answer(head),
  };
}
