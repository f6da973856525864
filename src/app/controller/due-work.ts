import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import { followedPolicy } from '../../domain/promotion/promotion-source.ts';
import { appliesTo } from '../../domain/resources/merge-resources.ts';
import type { ChangedSource, ObjectKind } from '../../ports/cluster.ts';
import { inNamespaceOf } from '../access/config-repo.ts';
import { needsSource } from '../access/needs-source.ts';
import type { RepositoryScans } from '../scan/repository-scans.ts';
import {
  objectKey,
  policyIn,
  type ClusterObjects,
  type KnownObject,
  type ObjectChange,
} from './objects.ts';
import type { ReposInUse } from './repos-in-use.ts';

/** What tells whom a change concerns. */
export interface Concerns {
  readonly objects: ClusterObjects;
  readonly scans: RepositoryScans;
  readonly repos: ReposInUse;
  /** Policies of other namespaces that the repo of an automation names, by the key of the automation. */
  readonly foreign: ReadonlyMap<string, ReadonlySet<PolicyKey>>;
  /** Puts an object into the queue of its kind. */
  readonly add: (kind: ObjectKind, key: string) => void;
}

/** Which objects are due: what has changed, and whoever has to do with it. */
export class DueWork {
  readonly #concerns: Concerns;

  constructor(concerns: Concerns) {
    this.#concerns = concerns;
  }

  /** An object came, or is otherwise than before. */
  changed({ before, after }: Pick<ObjectChange, 'before' | 'after'>): void {
    const { kind } = after.object.ref;
    const key = objectKey(after.object.ref);
    this.#concerns.add(kind, key);
    // Who applies a policy is a matter of its labels, which no status tells of.
    if (kind === 'ImagePolicy' && before !== undefined) this.automationsOf(key);
    const policy = policyIn(after);
    const followed = policy && followedPolicy(policy);
    if (followed !== undefined) this.automationsOf(followed);
    // It may grant access no more to those that are promoted from it.
    if (kind === 'ImagePolicy' && before !== undefined) this.#promotedFrom(key);
  }

  /** An object is no more. */
  removed({ object: { ref } }: KnownObject): void {
    if (ref.kind !== 'ImagePolicy') return;
    this.#automations(
      (automation) =>
        automation.metadata.namespace === ref.namespace ||
        this.#namesForeign(automation, objectKey(ref)),
    );
  }

  /** A Secret or ServiceAccount is otherwise than before: whoever needs it tries at once. */
  sourceChanged(source: ChangedSource): void {
    const { objects, scans, repos, add } = this.#concerns;
    for (const policy of objects.policies()) {
      if (!needsSource(policy, source)) continue;
      scans.forget(policy);
      add('ImagePolicy', policyKey(policy));
    }
    for (const receiver of objects.receivers()) {
      if (needsSource(receiver, source)) add('ImageReceiver', objectKey(receiver.metadata));
    }
    this.#automations((automation) => {
      const repo = repos.get(objectKey(automation.metadata));
      const asInRepo = repo === undefined ? automation : inNamespaceOf(repo, automation);
      return needsSource(automation, source) || needsSource(asInRepo, source);
    });
  }

  /** Tags were pushed. Policies of one repository share the scan that follows: all let go of the last one before any begins. */
  pushed(keys: readonly PolicyKey[]): void {
    const { objects, scans, add } = this.#concerns;
    const policies = keys.flatMap((key) => policyIn(objects.get('ImagePolicy', key)) ?? []);
    for (const policy of policies) scans.forget(policy);
    for (const policy of policies) add('ImagePolicy', policyKey(policy));
  }

  /** What has soaked is another: the status of a policy tells of it, and automations see to what follows. */
  promotionChanged(policies: readonly PolicyKey[]): void {
    for (const policy of policies) {
      this.#concerns.add('ImagePolicy', policy);
      this.automationsOf(policy);
    }
  }

  /** A policy says something else: the automations that apply it, or whose repo names it, are due. */
  automationsOf(key: PolicyKey): void {
    const known = this.#concerns.objects.get('ImagePolicy', key);
    if (known === undefined) return;
    const { ref, labels } = known.object;
    this.#automations(
      (automation) =>
        appliesTo(automation, { namespace: ref.namespace, labels }) ||
        this.#namesForeign(automation, key),
    );
  }

  #promotedFrom(key: PolicyKey): void {
    const { objects, add } = this.#concerns;
    for (const policy of objects.policies()) {
      if (followedPolicy(policy) === key) add('ImagePolicy', policyKey(policy));
    }
  }

  /** Does the repo of an automation name a policy of another namespace? Whether it may use it is the pass's business. */
  #namesForeign({ metadata }: ImageUpdateAutomation, policy: PolicyKey): boolean {
    return this.#concerns.foreign.get(objectKey(metadata))?.has(policy) === true;
  }

  #automations(isMeant: (automation: ImageUpdateAutomation) => boolean): void {
    const { objects, add } = this.#concerns;
    for (const automation of objects.automations()) {
      if (isMeant(automation)) add('ImageUpdateAutomation', objectKey(automation.metadata));
    }
  }
}
