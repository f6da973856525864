import { AppError, asAppError } from '../../domain/errors.ts';
import type { ClusterContext } from './context.ts';
import { listObjects, type Selection } from './list-objects.ts';
import { Backoff, pause } from './pause.ts';
import { bookmark, rawObject, type RawObject } from './raw-object.ts';
import { Trouble } from './trouble.ts';

/** The server ends a watch after this long or up to twice as long, in s, so that not all end at once. */
const WATCH_SECONDS = 300;

/** Told of objects, one call at a time. */
export interface RawListener {
  changed(object: RawObject): void;
  removed(object: Pick<RawObject['metadata'], 'namespace' | 'name'>): void;
  /** All that exist have been told; once. */
  synced(): void;
}

interface Known {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * Follows the objects of a selection: lists them, watches from there on, and lists again only when the server
 * has forgotten where the watch stood. Remembers versions, not objects.
 */
export class ObjectFollower {
  readonly #context: ClusterContext;
  readonly #selection: Selection;
  readonly #listener: RawListener;
  readonly #backoff: Backoff;
  readonly #trouble: Trouble;
  readonly #known = new Map<string, Known>();
  /** Where the watch goes on; undefined: a list is needed first. */
  #position: string | undefined;
  #synced = false;

  constructor(context: ClusterContext, selection: Selection, listener: RawListener) {
    this.#context = context;
    this.#selection = selection;
    this.#listener = listener;
    this.#backoff = new Backoff(context.timing, context.random);
    const where = selection.namespace === undefined ? '' : ` in namespace ${selection.namespace}`;
    this.#trouble = new Trouble(`${selection.resource.plural}${where}`, context.observer);
  }

  /** Follows until the signal fires; does not give up before. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#position ??= await this.#list(signal);
        await this.#watch(this.#position, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = asAppError(error);
        this.#trouble.failed(failure);
        // Whatever the server found wrong may be the position: etcd restored from a backup, for one.
        if (failure.code === 'cluster/invalid') this.#position = undefined;
        await pause(Math.max(this.#backoff.next(), failure.afterMs ?? 0), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const found = new Set<string>();
    const position = await listObjects(
      this.#context,
      this.#selection,
      (object) => found.add(this.#tellChanged(object)),
      signal,
    );
    for (const [key, known] of this.#known) if (!found.has(key)) this.#tellRemoved(key, known);
    if (!this.#synced) this.#listener.synced();
    this.#synced = true;
    return position;
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, timing, random } = this.#context;
    const { labelSelector, ...place } = this.#selection;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(Math.round(WATCH_SECONDS * (1 + random()))),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    const limits = { signal, timeoutMs: timing.requestMs, silenceMs: timing.watchSilenceMs };
    const begun = performance.now();
    let events = 0;
    const connected = () => this.#trouble.worked();
    for await (const { type, object } of client.watch(
      { verb: 'watch', ...place, query },
      limits,
      connected,
    )) {
      events += 1;
      if (type === 'EXPIRED') {
        this.#position = undefined;
        // A list costs the server something: not one after the other.
        await pause(this.#backoff.next(), signal);
        return;
      }
      this.#backoff.reset();
      this.#position = bookmark(object);
      if (type === 'DELETED') this.#deleted(rawObject(object));
      else if (type !== 'BOOKMARK') this.#tellChanged(rawObject(object));
    }
    if (events === 0 && performance.now() - begun < timing.retryMs) throw endedAtOnce();
  }

  #tellChanged(object: RawObject): string {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const key = `${namespace}/${name}`;
    const before = this.#known.get(key);
    if (before?.resourceVersion === resourceVersion) return key;
    if (before !== undefined && before.uid !== uid) this.#tellRemoved(key, before);
    this.#known.set(key, { namespace, name, uid, resourceVersion });
    this.#listener.changed(object);
    return key;
  }

  #deleted({ metadata }: RawObject): void {
    const key = `${metadata.namespace}/${metadata.name}`;
    const known = this.#known.get(key);
    if (known !== undefined) this.#tellRemoved(key, known);
  }

  #tellRemoved(key: string, known: Known): void {
    this.#known.delete(key);
    this.#listener.removed(known);
  }
}

function endedAtOnce(): AppError {
  const text = 'the API server ends every watch at once; is there a proxy before it?';
  return new AppError('cluster/unreachable', text, { retry: true });
}
