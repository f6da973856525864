import { asAppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import {
  NO_OBJECT,
  readSource,
  type FollowedSource,
  type SourceName,
  type SourceState,
} from './followed-source.ts';
import { Backoff, pause } from './pause.ts';
import { Trouble } from './trouble.ts';

/** The server ends a watch after this long or up to twice as long, in s; then it is seen whether it is still of use. */
const WATCH_SECONDS = 300;

/** What a follower is told. */
export interface SourceFollowerOptions<T> {
  readonly source: FollowedSource<T>;
  readonly object: SourceName;
  /** False: read again from time to time instead. */
  readonly mayWatch: boolean;
  /** Called when the object is otherwise than it was last known to be. */
  readonly changed: () => void;
}

/**
 * Follows one object as long as somebody reads it: by a watch on its name alone, or, where RBAC grants `get` but
 * not `watch`, by reading it again from time to time.
 */
export class SourceFollower<T> {
  readonly #context: ClusterContext;
  readonly #source: FollowedSource<T>;
  readonly #object: SourceName;
  readonly #changed: () => void;
  readonly #trouble: Trouble;
  readonly #backoff: Backoff;
  #mayWatch: boolean;
  #state: SourceState<T> | undefined;
  /** Counts what was learned, so that a slow answer does not undo a newer event. */
  #learned = 0;
  /** Does a watch vouch for what is known? */
  #isCurrent = false;
  #lastRead = performance.now();

  constructor(context: ClusterContext, options: SourceFollowerOptions<T>) {
    const { source, object, mayWatch, changed } = options;
    this.#context = context;
    this.#source = source;
    this.#object = object;
    this.#mayWatch = mayWatch;
    this.#changed = changed;
    this.#trouble = new Trouble(
      `${source.kind.toLowerCase()} ${object.namespace}/${object.name}`,
      context.observer,
    );
    this.#backoff = new Backoff(context.timing, context.random);
  }

  /** What it is now; asked of the server unless a watch vouches for what is known. */
  async read(signal: AbortSignal): Promise<SourceState<T>> {
    this.#lastRead = performance.now();
    if (this.#isCurrent && this.#state !== undefined) return this.#state;
    return this.#ask(signal);
  }

  /** Follows until the signal fires or nobody has read it for long. Does not fail. */
  async run(signal: AbortSignal): Promise<void> {
    const { secretIdleMs, secretPollMs } = this.#context.timing;
    while (!signal.aborted && performance.now() - this.#lastRead < secretIdleMs) {
      try {
        if (this.#mayWatch) {
          await this.#watch(signal);
        } else {
          await pause(secretPollMs, signal);
          await this.#ask(signal);
        }
        this.#backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        const failure = asAppError(error);
        if (this.#mayWatch && failure.code === 'cluster/forbidden') {
          this.#mayWatch = false;
          continue;
        }
        this.#trouble.failed(failure);
        await pause(Math.max(this.#backoff.next(), failure.afterMs ?? 0), signal);
      }
    }
  }

  /**
   * A watch without a position tells what is there and then what changes, so it needs no `list`. That the object
   * is not there it does not tell: hence the read, once the watch is on.
   */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, timing, random } = this.#context;
    const { namespace, name } = this.#object;
    const { resource, stateOf } = this.#source;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      fieldSelector: `metadata.name=${name}`,
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random()))),
    };
    const limits = { signal, timeoutMs: timing.requestMs, silenceMs: timing.watchSilenceMs };
    const request = { verb: 'watch', resource, namespace, query } as const;
    try {
      const connected = () => void this.#confirm(signal);
      for await (const { type, object } of client.watch(request, limits, connected)) {
        if (type === 'DELETED') this.#learn(NO_OBJECT);
        else if (type === 'ADDED' || type === 'MODIFIED') this.#learn(stateOf(object));
      }
    } finally {
      this.#isCurrent = false;
    }
  }

  /** Until this has worked, every read asks the server, so a failure does no harm. */
  async #confirm(signal: AbortSignal): Promise<void> {
    try {
      await this.#ask(signal);
      this.#isCurrent = true;
      this.#trouble.worked();
    } catch (error) {
      if (!signal.aborted) this.#trouble.failed(asAppError(error));
    }
  }

  async #ask(signal: AbortSignal): Promise<SourceState<T>> {
    const before = this.#learned;
    const state = await readSource(this.#context, this.#source, this.#object, signal);
    if (this.#learned !== before && this.#state !== undefined) return this.#state;
    this.#learn(state);
    return state;
  }

  #learn(state: SourceState<T>): void {
    const before = this.#state;
    this.#learned += 1;
    this.#state = state;
    if (before !== undefined && before.version !== state.version) this.#changed();
  }
}
