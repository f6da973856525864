import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import {
  policyKey,
  reflectsDigest,
  type Choice,
  type PolicyView,
} from '../../domain/plan/policy-view.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import type { Selection, TagSelector } from '../../domain/selection/selector.ts';
import type { RepositoryScan, RepositoryScans } from './repository-scans.ts';

/** Tags that locks name, by policy: planning asks for their existence and digest. */
export type LockedTags = ReadonlyMap<PolicyKey, ReadonlySet<string>>;

/** What one policy says now, and where that comes from. */
export interface PolicyLook {
  readonly view: PolicyView;
  /** Absent where the policy is suspended, or the tags could not be listed. */
  readonly scan?: RepositoryScan;
  /** Why the choice is `failed`; beside a scan: a digest could not be asked for. */
  readonly error?: AppError;
}

/** What each policy says now. Selectors and choices are kept between calls: a scan then costs what is new. */
export class PolicyViews {
  readonly #scans: RepositoryScans;
  readonly #selectors = new Map<PolicyKey, { rules: string; selector: TagSelector }>();
  /** What was chosen from a scan: passes come more often than scans. */
  readonly #selections = new WeakMap<RepositoryScan, Map<TagSelector, Selection>>();

  constructor(scans: RepositoryScans) {
    this.#scans = scans;
  }

  /**
   * A view of each policy. A registry that fails gives its policies a `failed` choice, and leaves
   * the others alone.
   * @throws AppError `cancelled`
   */
  async get(
    policies: readonly ImagePolicy[],
    locked: LockedTags,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<PolicyKey, PolicyView>> {
    const views = policies.map(async (policy) => {
      const key = policyKey(policy);
      const { view } = await this.look(policy, locked.get(key) ?? new Set(), signal);
      return [key, view] as const;
    });
    return new Map(await Promise.all(views));
  }

  /** Lets go of what was kept for a policy that is no more. */
  forget(key: PolicyKey): void {
    this.#selectors.delete(key);
  }

  /** A view of one policy, with the scan behind it. @throws AppError `cancelled` */
  async look(
    policy: ImagePolicy,
    locked: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<PolicyLook> {
    const selector = this.#selector(policy);
    const silent = (choice: Choice): PolicyView => ({
      policy,
      selector,
      choice,
      hasTag: () => undefined,
      digestOf: () => undefined,
    });
    const failed = (error: AppError) => ({
      view: silent({ kind: 'failed', message: error.message }),
      error,
    });
    if (policy.spec.suspend) return { view: silent({ kind: 'suspended' }) };
    const scan = await this.#scans.scan(policy, signal);
    if ('error' in scan) return failed(scan.error);
    try {
      if (reflectsDigest(policy)) {
        for (const tag of locked) await this.#scans.digest(policy, scan, tag, signal);
      }
      const view = {
        policy,
        selector,
        choice: await this.#choose(policy, selector, scan, signal),
        hasTag: (tag: string) => hasTag(policy, scan, tag),
        digestOf: (tag: string) => scan.digests.get(tag) ?? undefined,
      };
      return { view, scan };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      return { ...failed(error), scan };
    }
  }

  async #choose(
    policy: ImagePolicy,
    selector: TagSelector,
    scan: RepositoryScan,
    signal: AbortSignal,
  ): Promise<Choice> {
    const followed = policy.spec.policy.digest?.tag;
    const selection =
      followed === undefined
        ? this.#select(selector, scan)
        : ({ kind: 'selected', tag: followed } as const);
    if (selection.kind === 'none') return { kind: 'none', message: selection.message };
    if (!reflectsDigest(policy)) return selection;
    const digest = await this.#scans.digest(policy, scan, selection.tag, signal);
    return digest === null
      ? { kind: 'none', message: `${policy.spec.image} has no tag ${selection.tag}` }
      : { ...selection, digest };
  }

  #select(selector: TagSelector, scan: RepositoryScan): Selection {
    const ofScan = this.#selections.get(scan) ?? new Map<TagSelector, Selection>();
    this.#selections.set(scan, ofScan);
    const selection = ofScan.get(selector) ?? selector.select(scan.tags);
    ofScan.set(selector, selection);
    return selection;
  }

  #selector(policy: ImagePolicy): TagSelector {
    const key = policyKey(policy);
    const rules = JSON.stringify([policy.spec.policy, policy.spec.filterTags]);
    const known = this.#selectors.get(key);
    if (known?.rules === rules) return known.selector;
    const selector = createSelector(policy.spec);
    this.#selectors.set(key, { rules, selector });
    return selector;
  }
}

/** A policy that follows one tag never lists them: it knows the tags it has asked about. */
function hasTag(policy: ImagePolicy, scan: RepositoryScan, tag: string): boolean | undefined {
  if (policy.spec.policy.digest === undefined) return scan.tags.has(tag);
  const digest = scan.digests.get(tag);
  return digest === undefined ? undefined : digest !== null;
}
