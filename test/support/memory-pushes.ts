import { createPushMessages } from '../../src/adapters/push-events/push-messages.ts';
import type { PushAnswer, PushHandler, PushPorts } from '../../src/ports/push.ts';
import { never } from './memory-ports.ts';

/** An endpoint without a network: what a test posts is answered by whoever handles requests. */
export class MemoryPushes implements PushPorts {
  readonly messages = createPushMessages();
  #handler: PushHandler | undefined;

  readonly endpoint: PushPorts['endpoint'] = {
    handle: (handler) => {
      this.#handler = handler;
      return () => {
        this.#handler = undefined;
      };
    },
  };

  /** Posts a body with a bearer token. @returns undefined while nobody handles requests */
  async post(
    path: string,
    body: unknown,
    { token = '', source = '10.0.0.1' } = {},
  ): Promise<PushAnswer | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    const next = this.#handler?.({ path, source, headers });
    if (typeof next !== 'function') return next;
    return next(Buffer.from(JSON.stringify(body)), never);
  }
}
