import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { appliesTo, type Resources } from '../../domain/resources/merge-resources.ts';
import { readObject, type ReadObject } from '../../domain/resources/read-object.ts';
import { requestOf } from '../../domain/status/request-of.ts';
import { sameJson } from '../../domain/status/same-json.ts';
import type { ClusterObject, ObjectKind, ObjectRef } from '../../ports/cluster.ts';

/** An object of the cluster, and what it says. */
export interface KnownObject {
  readonly object: ClusterObject;
  readonly read: ReadObject;
}

/** An object before and after something was heard of it. */
export interface ObjectChange {
  readonly before?: KnownObject;
  readonly after: KnownObject;
  /** Is there anything to do? What only we or the server wrote is nothing to act on. */
  readonly isDue: boolean;
}

/** `namespace/name` of an object, which is unique for its kind. */
export function objectKey({ namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** The objects that there are, as far as the cluster has told. */
export class ClusterObjects {
  readonly #known: Readonly<Record<ObjectKind, Map<string, KnownObject>>> = {
    ImagePolicy: new Map(),
    ImageReceiver: new Map(),
    ImageUpdateAutomation: new Map(),
  };
  /** Statuses that we wrote and have not heard of since, by uid. */
  readonly #written = new Map<string, unknown>();

  get(kind: ObjectKind, key: string): KnownObject | undefined {
    return this.#known[kind].get(key);
  }

  keys(kind: ObjectKind): readonly string[] {
    return [...this.#known[kind].keys()];
  }

  set(object: ClusterObject): ObjectChange {
    const ofKind = this.#known[object.ref.kind];
    const before = ofKind.get(objectKey(object.ref));
    const isSame = before !== undefined && saysTheSame(before.object, object);
    const after = { object, read: isSame ? before.read : readObject({ ...object.ref, ...object }) };
    ofKind.set(objectKey(object.ref), after);
    if (before !== undefined && before.object.uid !== object.uid) {
      this.#written.delete(before.object.uid);
    }
    // Ours has come back: from here on the server's word counts, and with it changes by others.
    if (sameJson(this.#written.get(object.uid), object.status)) this.#written.delete(object.uid);
    const isDue = !isSame || requestOf(before.object.annotations) !== requestOf(object.annotations);
    return { ...(before === undefined ? {} : { before }), after, isDue };
  }

  /** @returns what was known of the object */
  delete(ref: ObjectRef): KnownObject | undefined {
    const ofKind = this.#known[ref.kind];
    const known = ofKind.get(objectKey(ref));
    ofKind.delete(objectKey(ref));
    if (known !== undefined) this.#written.delete(known.object.uid);
    return known;
  }

  /** Is this very object, and not one of the same name, still there? */
  has({ ref, uid }: Pick<ClusterObject, 'ref' | 'uid'>): boolean {
    return this.get(ref.kind, objectKey(ref))?.object.uid === uid;
  }

  /** The status of an object, our own last word included: the cluster tells of it with delay. */
  statusOf({ object }: KnownObject): unknown {
    return this.#written.get(object.uid) ?? object.status;
  }

  /** Notes a status that is about to be written: the cluster may tell of it before it answers. */
  writes(object: Pick<ClusterObject, 'ref' | 'uid'>, status: unknown): void {
    if (this.has(object)) this.#written.set(object.uid, status);
  }

  /** Takes back what {@link writes} noted: it was not written, or nobody knows. */
  didNotWrite({ uid }: Pick<ClusterObject, 'uid'>): void {
    this.#written.delete(uid);
  }

  /** The usable objects as they are now; later changes do not show. */
  resources(): Resources {
    return {
      policies: new Map(this.policies().map((policy) => [objectKey(policy.metadata), policy])),
      receivers: new Map(this.receivers().map((one) => [objectKey(one.metadata), one])),
      automations: new Map(this.automations().map((one) => [objectKey(one.metadata), one])),
      findings: [],
    };
  }

  policies() {
    return [...this.#known.ImagePolicy.values()].flatMap(({ read }) =>
      read.kind === 'ImagePolicy' ? [read.resource] : [],
    );
  }

  receivers() {
    return [...this.#known.ImageReceiver.values()].flatMap(({ read }) =>
      read.kind === 'ImageReceiver' ? [read.resource] : [],
    );
  }

  automations() {
    return [...this.#known.ImageUpdateAutomation.values()].flatMap(({ read }) =>
      read.kind === 'ImageUpdateAutomation' ? [read.resource] : [],
    );
  }

  /** All policies, usable or not. */
  policyKeys(): ReadonlySet<PolicyKey> {
    return new Set(this.#known.ImagePolicy.keys());
  }

  /** Policies that an automation would apply, were they not at fault. */
  unusablePolicies(automation: ImageUpdateAutomation): readonly PolicyKey[] {
    return [...this.#known.ImagePolicy].flatMap(([key, { object, read }]) => {
      const metadata = { namespace: object.ref.namespace, labels: object.labels };
      return read.kind === 'invalid' && appliesTo(automation, metadata) ? [key] : [];
    });
  }
}

/** The policy that an object is, where it is a usable one. */
export function policyIn(known: KnownObject | undefined): ImagePolicy | undefined {
  return known?.read.kind === 'ImagePolicy' ? known.read.resource : undefined;
}

/** The receiver that an object is, where it is a usable one. */
export function receiverIn(known: KnownObject | undefined): ImageReceiver | undefined {
  return known?.read.kind === 'ImageReceiver' ? known.read.resource : undefined;
}

/** The automation that an object is, where it is a usable one. */
export function automationIn(known: KnownObject | undefined): ImageUpdateAutomation | undefined {
  return known?.read.kind === 'ImageUpdateAutomation' ? known.read.resource : undefined;
}

/** Labels count: automations select by them, and they do not raise the generation. */
function saysTheSame(a: ClusterObject, b: ClusterObject): boolean {
  return a.uid === b.uid && a.generation === b.generation && sameJson(a.labels, b.labels);
}
