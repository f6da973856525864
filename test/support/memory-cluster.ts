import { REQUEST_ANNOTATION, requestOf } from '../../src/domain/status/request-of.ts';
import { AppError } from '../../src/domain/errors.ts';
import type {
  ChangedSource,
  Cluster,
  ClusterEvent,
  ClusterObject,
  ForeignObject,
  ForeignRef,
  Leadership,
  ObjectKind,
  ObjectListener,
  ObjectRef,
  ObjectScope,
} from '../../src/ports/cluster.ts';
import type { Secrets } from '../../src/ports/ports.ts';

/** A Secret's values by key. */
type Secret = Readonly<Record<string, string>>;

interface Follower {
  readonly kind: ObjectKind;
  readonly scope: ObjectScope;
  readonly listener: ObjectListener;
}

/** `apps/podinfo`, split. */
function refOf(kind: ObjectKind, key: string): ObjectRef {
  const [namespace = '', name = ''] = key.split('/');
  return { kind, namespace, name };
}

function keyOf({ kind, namespace, name }: ObjectRef | ForeignRef): string {
  return `${kind} ${namespace}/${name}`;
}

/** An API server in memory: it numbers generations, tells of changes, and keeps status apart from spec. */
export class MemoryCluster implements Cluster {
  readonly statusWrites: string[] = [];
  readonly events: ClusterEvent[] = [];
  /** Namespaced names of the Secrets that were read. */
  readonly secretReads: string[] = [];
  /** Labels by namespace; an error: they may not be read. */
  readonly namespaces = new Map<string, Readonly<Record<string, string>> | AppError>();
  /** Names of the namespaces whose labels were asked for. */
  readonly namespaceReads: string[] = [];
  /** Fails the next writes of a status. */
  writeFailures: AppError[] = [];
  /** Runs before each write of a status, as another user would. */
  beforeWrite: (ref: ObjectRef) => void = () => undefined;
  /** Another process that holds the lease, and where it says that it can be reached. */
  otherLeader: { readonly address?: string } | undefined;
  /** Does the lease surely hold? */
  holds = true;
  readonly #objects = new Map<string, ClusterObject>();
  readonly #secrets = new Map<string, Secret>();
  readonly #followers = new Set<Follower>();
  readonly #accounts = new Map<string, readonly string[]>();
  readonly #sourceFollowers = new Set<(source: ChangedSource) => void>();
  #version = 0;
  #leader: AbortController | undefined;

  constructor(secrets: Readonly<Record<string, Secret>> = {}) {
    for (const [key, secret] of Object.entries(secrets)) this.#secrets.set(key, secret);
  }

  /** Creates an object or changes its spec, as `kubectl apply` does. */
  apply(kind: ObjectKind, key: string, spec: unknown, labels: Record<string, string> = {}): void {
    const ref = refOf(kind, key);
    const before = this.#objects.get(keyOf(ref));
    const isSame = JSON.stringify(before?.spec) === JSON.stringify(spec);
    this.#put({
      ref,
      uid: before?.uid ?? `uid-${(this.#version += 1)}`,
      resourceVersion: '',
      generation: before === undefined ? 1 : before.generation + (isSame ? 0 : 1),
      labels,
      annotations: before?.annotations ?? {},
      spec,
      status: before?.status,
    });
  }

  /** Asks for a run, as `kubectl annotate` does. */
  request(kind: ObjectKind, key: string, value: string): void {
    const object = this.object(kind, key);
    const annotations = { ...object.annotations, [REQUEST_ANNOTATION]: value };
    this.#put({ ...object, annotations });
  }

  delete(kind: ObjectKind, key: string): void {
    const ref = refOf(kind, key);
    this.#objects.delete(keyOf(ref));
    for (const { kind: followed, listener } of this.#followers) {
      if (followed === kind) listener.removed(ref);
    }
  }

  setSecret(key: string, secret: Secret): void {
    this.#secrets.set(key, secret);
    this.#tellSource('Secret', key);
  }

  /** Sets the pull Secrets of a ServiceAccount. */
  setServiceAccount(key: string, pullSecrets: readonly string[]): void {
    this.#accounts.set(key, pullSecrets);
    this.#tellSource('ServiceAccount', key);
  }

  #tellSource(kind: ChangedSource['kind'], key: string): void {
    const [namespace = '', name = ''] = key.split('/');
    for (const changed of this.#sourceFollowers) changed({ kind, namespace, name });
  }

  object(kind: ObjectKind, key: string): ClusterObject {
    const object = this.#objects.get(keyOf(refOf(kind, key)));
    if (object === undefined) throw new Error(`there is no ${kind} ${key}`);
    return object;
  }

  status<T = Record<string, unknown>>(kind: ObjectKind, key: string): T {
    return (this.object(kind, key).status ?? {}) as T;
  }

  /** Conditions as `Ready=True Succeeded`. */
  conditions(kind: ObjectKind, key: string): readonly string[] {
    const { conditions = [] } = this.status<{
      conditions?: { type: string; status: string; reason: string }[];
    }>(kind, key);
    return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  }

  /** The request that the object's status has answered is the one that it carries. */
  isAnswered(kind: ObjectKind, key: string): boolean {
    const { annotations } = this.object(kind, key);
    return this.status(kind, key)['lastHandledReconcileAt'] === requestOf(annotations);
  }

  /** Events as `Normal NewTag apps/podinfo: …`, since the last call. */
  told(): readonly string[] {
    return this.events
      .splice(0)
      .map(
        ({ type, reason, object: { ref }, message }) =>
          `${type} ${reason} ${ref.namespace}/${ref.name}: ${message}`,
      );
  }

  readonly secrets: Secrets = {
    get: async (namespace, name) => {
      this.secretReads.push(`${namespace}/${name}`);
      return this.#secrets.get(`${namespace}/${name}`);
    },
    pullSecrets: async (namespace, name) => this.#accounts.get(`${namespace}/${name}`),
  };

  async follow(
    kind: ObjectKind,
    scope: ObjectScope,
    listener: ObjectListener,
    signal: AbortSignal,
  ): Promise<void> {
    const follower = { kind, scope, listener };
    this.#followers.add(follower);
    for (const object of this.#objects.values()) this.#tell(follower, object);
    listener.synced();
    await aborted(signal);
    this.#followers.delete(follower);
  }

  async followSecrets(
    changed: (source: ChangedSource) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#sourceFollowers.add(changed);
    await aborted(signal);
    this.#sourceFollowers.delete(changed);
  }

  async namespaceLabels(namespace: string): Promise<Readonly<Record<string, string>> | undefined> {
    this.namespaceReads.push(namespace);
    const labels = this.namespaces.get(namespace);
    if (labels instanceof AppError) throw labels;
    return labels;
  }

  /** Objects of other products, as `GitRepository apps/config`; an error: it may not be read or annotated. */
  readonly foreign = new Map<string, ForeignObject | AppError>();
  /** Annotations that were set, in order. */
  readonly annotated: (readonly [string, Readonly<Record<string, string>>])[] = [];

  async readObject(ref: ForeignRef): Promise<ForeignObject | undefined> {
    const object = this.foreign.get(keyOf(ref));
    if (object instanceof AppError) throw object;
    return object;
  }

  async annotate(
    ref: ForeignRef,
    annotations: Readonly<Record<string, string>>,
  ): Promise<'written' | 'gone'> {
    if ((await this.readObject(ref)) === undefined) return 'gone';
    this.annotated.push([keyOf(ref), annotations]);
    return 'written';
  }

  async writeStatus(
    { ref, uid }: Pick<ClusterObject, 'ref' | 'uid'>,
    status: unknown,
  ): Promise<'written' | 'gone'> {
    this.beforeWrite(ref);
    const failure = this.writeFailures.shift();
    if (failure !== undefined) throw failure;
    const object = this.#objects.get(keyOf(ref));
    if (object?.uid !== uid) return 'gone';
    this.statusWrites.push(keyOf(ref));
    this.#put({ ...object, status: JSON.parse(JSON.stringify(status)) as unknown });
    return 'written';
  }

  async record(event: ClusterEvent): Promise<void> {
    this.events.push(event);
  }

  async lead(...[lease, lead, signal]: Parameters<Cluster['lead']>): Promise<void> {
    const leadership: Leadership = { holds: () => this.holds };
    while (!signal.aborted) {
      while (this.otherLeader !== undefined && !signal.aborted) {
        lease.onHolder?.(this.otherLeader.address);
        await new Promise((done) => setImmediate(done));
      }
      if (signal.aborted) return;
      const term = new AbortController();
      this.#leader = term;
      await lead(leadership, AbortSignal.any([term.signal, signal]));
      if (!signal.aborted && !term.signal.aborted) throw new Error('the leader left by itself');
      this.holds = true;
    }
  }

  /** Another process takes the lease. */
  loseLease(): void {
    this.#leader?.abort();
  }

  #put(object: ClusterObject): void {
    this.#version += 1;
    const next = { ...object, resourceVersion: String(this.#version) };
    this.#objects.set(keyOf(object.ref), next);
    for (const follower of this.#followers) this.#tell(follower, next);
  }

  #tell({ kind, scope, listener }: Follower, object: ClusterObject): void {
    const { namespace } = object.ref;
    const inScope = scope.namespaces.length === 0 || scope.namespaces.includes(namespace);
    if (object.ref.kind === kind && inScope) listener.changed(object);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
