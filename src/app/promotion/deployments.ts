import type { ImagePolicy } from '../../api/image-policy.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { CompareTags } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import {
  judgeSource,
  unknownSource,
  type SightScope,
} from '../../domain/promotion/judge-source.ts';
import type { Site, SiteMemory } from '../../domain/promotion/kept-site.ts';
import { keptBeside, type KeptTimelines } from '../../domain/promotion/kept-timelines.ts';
import {
  followedPolicies,
  followedPolicy,
  soakOf,
  type PromotionSource,
  type PromotionWorld,
} from '../../domain/promotion/promotion-source.ts';
import { nextSoaked, soakSummary } from '../../domain/promotion/soak.ts';
import { earliest } from '../../domain/schedule.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import { BY_NAME_ONLY, policyGrants, type CrossNamespace } from '../access/policy-grants.ts';
import { PromotionWorlds } from './promotion-worlds.ts';
import type { SiteStore } from './site-store.ts';
import { timelinesAfter, type KnownLocations, type SeenLocations } from './timelines-after.ts';
import { WatchedSites } from './watched-sites.ts';

/** A look at all that an automation writes. */
export interface SiteLook extends Omit<SeenLocations, 'followed' | 'slots'> {
  /** All locations of all policies, asked for where somebody wants to know. */
  readonly slots: () => readonly ImageSlot[];
  readonly site: Site;
  readonly world: PromotionWorld;
  /** Commit that is looked at. */
  readonly head: string | undefined;
}

/** What watching takes. */
export interface DeploymentOptions {
  readonly store: SiteStore;
  readonly scope: SightScope;
  /** All that there is, where somebody knows; else it is what the last looks were told. */
  readonly world?: () => PromotionWorld;
  /** Default: other namespaces are known by name alone. */
  readonly crossNamespace?: CrossNamespace;
  /** Told of policies whose locations, or whose promotion, are otherwise than before. */
  readonly onChange?: (policies: readonly PolicyKey[]) => void;
}

/** What the locations of policies run that others are promoted from, wherever they are. */
export class Deployments {
  readonly #options: DeploymentOptions;
  readonly #worlds: PromotionWorlds;
  readonly #sites = new WatchedSites();
  readonly #orders = new WeakMap<ImagePolicy, CompareTags>();
  /** What was told of each policy that is promoted. */
  readonly #told = new Map<PolicyKey, string>();

  constructor(options: DeploymentOptions) {
    this.#options = options;
    this.#worlds = new PromotionWorlds(options.world);
  }

  /**
   * Takes note of a complete look at what an automation writes.
   * @returns where history was cut off, if more of it was wanted
   * @throws AppError when history cannot be read
   */
  async look(
    { site, world, slots, head, ...seen }: SiteLook,
    signal: AbortSignal,
  ): Promise<Date | undefined> {
    const { automation } = site;
    const followed = followedPolicies(world.policies.values());
    this.#worlds.set(automation, world);
    if (this.seesAll) this.#sites.keepOnly(world.automations);
    if (followed.size === 0) {
      this.#sites.drop(automation);
      return undefined;
    }
    const before = await this.#known(site, followed.keys());
    const own = slots().filter(({ policy }) => followed.has(policy));
    const after = await timelinesAfter({ ...seen, slots: own, followed }, before, signal);
    const { timelines, untold, cutAt } = after;
    const memory: SiteMemory = { lastLook: seen.now, timelines };
    await this.#options.store.save(site, memory);
    const paths = new Set(own.map(({ fields: [{ at }] }) => at.path));
    this.#sites.find(automation, { site, memory, untold, head, paths });
    this.#tell();
    return cutAt;
  }

  /**
   * Takes note that a look failed: from here on nobody knows what is there.
   * @param trouble why, in one line
   * @param world what there is, as far as that was found out
   */
  lost(automation: string, trouble: string, world?: PromotionWorld): void {
    if (world !== undefined) this.#worlds.set(automation, world);
    this.#sites.lose(automation, trouble);
    this.#tell();
  }

  /** Did a file hold a location when it was last looked at? */
  isLocation(automation: string, path: string): boolean {
    return this.#sites.of(automation)?.paths.has(path) === true;
  }

  /** Does every automation look for itself? */
  get seesAll(): boolean {
    return this.#options.scope === 'all';
  }

  /** Is any policy promoted from this one? */
  isFollowed(policy: PolicyKey): boolean {
    return this.#worlds.promoted().some((one) => followedPolicy(one.policy) === policy);
  }

  /** Lets go of an automation that is no more. */
  forget(automation: string): void {
    this.#worlds.delete(automation);
    this.#sites.drop(automation);
    this.#tell();
  }

  /**
   * Where a policy with `spec.promoteFrom` is promoted from, as things stand. A policy of another namespace has to
   * grant access now: nothing that it granted before counts.
   * @throws AppError `cancelled`
   */
  async sourceOf(policy: ImagePolicy, signal: AbortSignal): Promise<PromotionSource> {
    const followed = followedPolicy(policy) ?? '';
    const world = this.#worlds.of(policy);
    if (world === undefined) return unknownSource(followed, 'no repo has been looked at yet');
    const source = this.#judge(policy, world);
    const { namespace } = policy.metadata;
    const named = world.policies.get(followed);
    const isOwn = named === undefined || named.metadata.namespace === namespace;
    if (source.kind === 'invalid' || isOwn) return source;
    const { crossNamespace = BY_NAME_ONLY } = this.#options;
    const grants = policyGrants({ namespace, by: 'spec.promoteFrom' }, crossNamespace, signal);
    const refusal = await grants(followed, named);
    if (refusal === undefined) return source;
    return { kind: refusal.severity === 'error' ? 'unknown' : 'invalid', message: refusal.message };
  }

  /** The earliest moment at which something will have soaked: it has to be seen to be there still. */
  nextSoaked(now: Date): Date | undefined {
    if (this.#sites.found.length === 0) return undefined;
    return earliest(
      ...this.#worlds.promoted().map(({ policy, world }) => {
        const source = this.#judge(policy, world);
        return source.kind === 'seen' ? nextSoaked(source.soaking, soakOf(policy), now) : undefined;
      }),
    );
  }

  /**
   * What the status of a policy says of its locations; undefined where no policy is promoted from it.
   * @param previous what it says: what was not looked at yet stays
   */
  kept(policy: PolicyKey, previous: KeptTimelines = []): KeptTimelines | undefined {
    if (this.#sites.found.length === 0 && previous.length === 0) return undefined;
    const promoted = this.#worlds.promoted().find((one) => followedPolicy(one.policy) === policy);
    if (promoted === undefined) return undefined;
    const { automations } = promoted.world;
    const seen = this.#sites.found.flatMap(({ site, memory }) => {
      const timeline = memory.timelines.get(policy);
      return timeline === undefined ? [] : [{ ...site, timeline }];
    });
    return keptBeside(
      previous,
      seen,
      (automation) => automations.has(automation) && this.#sites.of(automation) === undefined,
    );
  }

  #judge(policy: ImagePolicy, world: PromotionWorld): PromotionSource {
    const { scope } = this.#options;
    const compareFor = (source: ImagePolicy) => this.#orderOf(source);
    return judgeSource(policy, world, { scope, sites: this.#sites.seen, compareFor });
  }

  #orderOf(policy: ImagePolicy): CompareTags {
    const known = this.#orders.get(policy);
    if (known !== undefined) return known;
    const selector = createSelector(policy.spec);
    const order: CompareTags = (a, b) => selector.compare(a, b);
    this.#orders.set(policy, order);
    return order;
  }

  async #known(site: Site, policies: Iterable<PolicyKey>): Promise<KnownLocations> {
    const known = this.#sites.of(site.automation);
    if (known?.site.repo === site.repo) return known;
    return { memory: await this.#options.store.load(site, policies), head: undefined };
  }

  /** Tells of the policies for which something is otherwise, and of those that they are promoted from. */
  #tell(): void {
    // Where nothing is promoted, nobody goes through all policies.
    if (this.#sites.found.length === 0 && this.#told.size === 0) return;
    const changed = this.#worlds.promoted().filter(({ policy, world }) => {
      const source = this.#judge(policy, world);
      const { allowDowngrade } = policy.spec;
      const text =
        source.kind === 'seen'
          ? soakSummary(source.soaking, { soakMs: soakOf(policy), allowDowngrade })
          : source.kind;
      const key = policyKey(policy);
      const isSame = this.#told.get(key) === text;
      this.#told.set(key, text);
      return !isSame;
    });
    if (changed.length === 0) return;
    this.#options.onChange?.(
      changed.flatMap(({ policy }) => [policyKey(policy), followedPolicy(policy) ?? '']),
    );
  }
}
