import { randomUUID } from 'node:crypto';
import { asAppError } from '../../domain/errors.ts';
import { GROUP, VERSION } from '../../api/crd.ts';
import type { ClusterEvent } from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import { EVENTS } from './resource.ts';
import { Trouble } from './trouble.ts';

/** Longest message the API server takes, in characters. */
const MAX_MESSAGE_LENGTH = 1024;

/** How many events are remembered, to count them up when they happen again. */
const MAX_REMEMBERED = 1000;

const COMPONENT = 'lockkeeper';

interface Recorded {
  readonly name: string;
  readonly count: number;
}

/**
 * Records core/v1 Events, which every tool reads. An event that happened before is counted up instead of
 * repeated, until the server has dropped it (an hour, by default).
 */
export class EventRecorder {
  readonly #context: ClusterContext;
  readonly #trouble: Trouble;
  /** Oldest first. */
  readonly #recorded = new Map<string, Recorded>();
  /** One after the other, so that two equal events in a row are one. */
  #last: Promise<void> = Promise.resolve();

  constructor(context: ClusterContext) {
    this.#context = context;
    this.#trouble = new Trouble('events', context.observer);
  }

  /** Best effort: never fails. */
  record(event: ClusterEvent, signal: AbortSignal): Promise<void> {
    this.#last = this.#last.then(async () => {
      try {
        await this.#write(event, signal);
        this.#trouble.worked();
      } catch (error) {
        if (!signal.aborted) this.#trouble.failed(asAppError(error));
      }
    });
    return this.#last;
  }

  async #write(event: ClusterEvent, signal: AbortSignal): Promise<void> {
    const key = JSON.stringify([event.object.uid, event.type, event.reason, event.message]);
    const before = this.#recorded.get(key);
    const recorded =
      before !== undefined && (await this.#countUp(event, before, signal))
        ? { ...before, count: before.count + 1 }
        : await this.#create(event, signal);
    this.#recorded.delete(key);
    this.#recorded.set(key, recorded);
    const [oldest] = this.#recorded.keys();
    if (this.#recorded.size > MAX_REMEMBERED && oldest !== undefined) this.#recorded.delete(oldest);
  }

  /** @returns false when the server has it no more */
  async #countUp(
    { object }: ClusterEvent,
    { name, count }: Recorded,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, timing } = this.#context;
    const { status } = await client.call(
      {
        verb: 'patch',
        resource: EVENTS,
        namespace: object.ref.namespace,
        name,
        contentType: 'application/merge-patch+json',
        body: { count: count + 1, lastTimestamp: seconds(new Date()) },
      },
      { signal, timeoutMs: timing.requestMs, expect: [404] },
    );
    return status !== 404;
  }

  async #create(event: ClusterEvent, signal: AbortSignal): Promise<Recorded> {
    const { client, timing } = this.#context;
    const { ref, uid } = event.object;
    const name = `${ref.name.slice(0, 200)}.${randomUUID()}`;
    const now = seconds(new Date());
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: ref.namespace },
      involvedObject: { apiVersion: `${GROUP}/${VERSION}`, ...ref, uid },
      type: event.type,
      reason: event.reason,
      message: shortened(event.message),
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
    await client.call(
      { verb: 'create', resource: EVENTS, namespace: ref.namespace, body },
      { signal, timeoutMs: timing.requestMs },
    );
    return { name, count: 1 };
  }
}

/** Times in Events have no fraction. */
function seconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function shortened(message: string): string {
  return message.length <= MAX_MESSAGE_LENGTH
    ? message
    : `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…`;
}
