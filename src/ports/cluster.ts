/**
 * A Kubernetes cluster, as far as the controller needs it: the port that only it works through. As for all
 * ports, calls reject with `AppError`, and take an `AbortSignal` and stop soon after it fires.
 */
import type { Secrets } from './ports.ts';

/** Kinds of ours in a cluster. */
export type ObjectKind = 'ImagePolicy' | 'ImageReceiver' | 'ImageUpdateAutomation';

/** Which object of a cluster. */
export interface ObjectRef {
  readonly kind: ObjectKind;
  readonly namespace: string;
  readonly name: string;
}

/** An object as the API server has it; `spec` and `status` are not yet parsed. */
export interface ClusterObject {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: unknown;
  readonly status: unknown;
}

/** Told of objects, one call at a time. */
export interface ObjectListener {
  /** The object is new, or is otherwise than before. */
  changed(object: ClusterObject): void;
  removed(ref: ObjectRef): void;
  /** All objects that exist have been told once. */
  synced(): void;
}

/** Which objects are followed. */
export interface ObjectScope {
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly labelSelector?: string;
}

/** Kinds of other products that automations refer to: those of Flux, and Argo CD's Application. */
export type ForeignKind = 'GitRepository' | 'Kustomization' | 'HelmRelease' | 'Application';

/** Which object of another product. */
export interface ForeignRef {
  readonly kind: ForeignKind;
  readonly namespace: string;
  readonly name: string;
}

/** An object of another product as the API server has it; `spec` is not yet parsed. */
export interface ForeignObject {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

/** Something that happened to an object, for `kubectl describe`. */
export interface ClusterEvent {
  readonly object: Pick<ClusterObject, 'ref' | 'uid'>;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** A Secret, or a ServiceAccount with other pull Secrets, that is otherwise than before. */
export interface ChangedSource {
  readonly kind: 'Secret' | 'ServiceAccount';
  readonly namespace: string;
  readonly name: string;
}

/** A Kubernetes cluster, as far as the controller needs it. */
export interface Cluster {
  /**
   * Tells of all objects of a kind and of every change, until the signal fires. Reconnects with
   * backoff and lists anew when the server has forgotten where the watch stood (410).
   */
  follow(
    kind: ObjectKind,
    scope: ObjectScope,
    listener: ObjectListener,
    signal: AbortSignal,
  ): Promise<void>;
  /** Tells when something that {@link secrets} read has changed; nothing else is watched. */
  followSecrets(changed: (source: ChangedSource) => void, signal: AbortSignal): Promise<void>;
  /** Reads single Secrets by name; never lists them. */
  readonly secrets: Secrets;
  /**
   * Labels of a namespace, or undefined when there is no such namespace. Asked for anew each time: a
   * namespace is read by its name and never followed.
   */
  namespaceLabels(
    namespace: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /** An object of another product by its name, or undefined when there is none, or no such kind. */
  readObject(ref: ForeignRef, signal: AbortSignal): Promise<ForeignObject | undefined>;
  /** Sets annotations of an object of another product, and nothing else. `gone`: there is none. */
  annotate(
    ref: ForeignRef,
    annotations: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<'written' | 'gone'>;
  /** Replaces status through the subresource. `gone`: there is no such object any more. */
  writeStatus(
    object: Pick<ClusterObject, 'ref' | 'uid'>,
    status: unknown,
    signal: AbortSignal,
  ): Promise<'written' | 'gone'>;
  /** Records an event; equal events are counted, not repeated. Best effort: never fails. */
  record(event: ClusterEvent, signal: AbortSignal): Promise<void>;
  /**
   * Competes for a lease until the signal fires, and gives it back then. `lead` runs while this
   * process holds it; the signal it is given fires as soon as the lease may be lost.
   */
  lead(
    lease: LeaseClaim,
    lead: (leading: Leadership, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Who competes for which lease. */
export interface LeaseClaim {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  /** `HOST:PORT` at which this process can be reached while it leads; the others are told. */
  readonly address?: string;
  /** Told at which address the holder can be reached, each time that the lease is seen in other hands. */
  readonly onHolder?: (address: string | undefined) => void;
}

/** What a leader may rely on. */
export interface Leadership {
  /**
   * Is the lease surely still ours? By the clock alone: false as soon as it may have run out, even
   * when this process was frozen. Asked just before every push.
   */
  holds(): boolean;
}
