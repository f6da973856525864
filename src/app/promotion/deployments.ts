import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import type { Site, SiteMemory } from '../../domain/promotion/kept-site.ts';
import { keptBeside, type KeptTimelines } from '../../domain/promotion/kept-timelines.ts';
import {
  followedPolicies,
  followedPolicy,
  promotionFault,
  soakOf,
  type PromotionSource,
} from '../../domain/promotion/promotion-source.ts';
import { nextSoaked, soakSummary } from '../../domain/promotion/soak.ts';
import { merged, NOWHERE } from '../../domain/promotion/timeline.ts';
import { appliesTo } from '../../domain/resources/merge-resources.ts';
import { earliest } from '../../domain/schedule.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import type { TagSelector } from '../../domain/selection/selector.ts';
import type { SiteStore } from './site-store.ts';
import { timelinesAfter, type KnownLocations, type SeenLocations } from './timelines-after.ts';

/** The policies and automations that there are. */
export interface PromotionWorld {
  readonly policies: ReadonlyMap<PolicyKey, ImagePolicy>;
  /** Policies that exist, usable or not. */
  readonly known: ReadonlySet<PolicyKey>;
  readonly automations: ReadonlyMap<string, ImageUpdateAutomation>;
}

/** A look at all that an automation writes. */
export interface SiteLook extends Omit<SeenLocations, 'followed' | 'slots'> {
  /** All locations of all policies, asked for where somebody wants to know. */
  readonly slots: () => readonly ImageSlot[];
  readonly site: Site;
  readonly world: PromotionWorld;
}

/** What watching takes. */
export interface DeploymentOptions {
  readonly store: SiteStore;
  /**
   * `all`: nothing is known before every automation was heard that may write locations of a policy.
   * `looked-at`: those that were looked at are all there are.
   */
  readonly scope: 'all' | 'looked-at';
  /** All that there is, where somebody knows; else it is what the last looks were told. */
  readonly world?: () => PromotionWorld;
  /** Told of policies whose locations, or whose promotion, are otherwise than before. */
  readonly onChange?: (policies: readonly PolicyKey[]) => void;
}

interface KnownSite extends KnownLocations {
  readonly site: Site;
  /** Files that hold locations. */
  readonly paths: ReadonlySet<string>;
}

/** A policy that is promoted from another, among all that there are. */
interface Promoted {
  readonly policy: ImagePolicy;
  readonly world: PromotionWorld;
}

/** What the locations of policies run that others are promoted from, wherever they are. */
export class Deployments {
  readonly #options: DeploymentOptions;
  /** By automation, as the last complete look found it. */
  readonly #sites = new Map<string, KnownSite>();
  /** Why the last look of an automation was none. */
  readonly #troubles = new Map<string, string>();
  /** What there was at the last look of each automation, the latest last. */
  readonly #worlds = new Map<string, PromotionWorld>();
  readonly #selectors = new WeakMap<ImagePolicy, TagSelector>();
  /** What was told of each policy that is promoted. */
  readonly #told = new Map<PolicyKey, string>();

  constructor(options: DeploymentOptions) {
    this.#options = options;
  }

  /**
   * Takes note of a complete look at what an automation writes.
   * @throws AppError when history cannot be read
   */
  async look({ site, world, slots, ...seen }: SiteLook, signal: AbortSignal): Promise<void> {
    const { automation } = site;
    const followed = followedPolicies(world.policies.values());
    this.#setWorld(automation, world);
    this.#keepOnly(world);
    if (followed.size === 0) {
      this.#drop(automation);
      return;
    }
    const before = await this.#known(site, followed.keys());
    const own = slots().filter(({ policy }) => followed.has(policy));
    const timelines = await timelinesAfter({ ...seen, slots: own, followed }, before, signal);
    const memory: SiteMemory = { lastLook: seen.now, timelines };
    await this.#options.store.save(site, memory);
    const paths = new Set(own.map(({ fields: [{ at }] }) => at.path));
    this.#sites.set(automation, { site, memory, head: seen.past?.head, paths });
    this.#troubles.delete(automation);
    this.#tell();
  }

  /**
   * Takes note that a look failed: from here on nobody knows what is there.
   * @param trouble why, in one line
   * @param world what there is, as far as that was found out
   */
  lost(automation: string, trouble: string, world?: PromotionWorld): void {
    if (world !== undefined) this.#setWorld(automation, world);
    this.#troubles.set(automation, trouble);
    this.#tell();
  }

  /** Did a file hold a location when it was last looked at? */
  isLocation(automation: string, path: string): boolean {
    return this.#sites.get(automation)?.paths.has(path) === true;
  }

  /** Is any policy promoted from this one? */
  isFollowed(policy: PolicyKey): boolean {
    return this.#promoted().some((one) => followedPolicy(one.policy) === policy);
  }

  /** Lets go of an automation that is no more. */
  forget(automation: string): void {
    this.#worlds.delete(automation);
    this.#drop(automation);
    this.#tell();
  }

  /** Where a policy with `spec.promoteFrom` is promoted from, as things stand. @param world what there is */
  sourceOf(policy: ImagePolicy, world = this.#worldOf(policy)): PromotionSource {
    const followed = followedPolicy(policy) ?? '';
    const unknown = (why: string) =>
      ({ kind: 'unknown', message: `nobody knows what ${followed} runs: ${why}` }) as const;
    if (world === undefined) return unknown('no repo has been looked at yet');
    const fault = promotionFault(policy, world.policies, world.known);
    if (fault !== undefined) return { kind: 'invalid', message: fault };
    const source = world.policies.get(followed);
    if (source === undefined) return unknown('it cannot be used; see its status');
    const names = this.#automationsOf(source, world);
    const { namespace } = source.metadata;
    const [trouble] = names.flatMap((name) => this.#troubleOf(name, world, namespace) ?? []);
    if (trouble !== undefined) return unknown(trouble);
    const memories = names.flatMap((name) => this.#sites.get(name)?.memory ?? []);
    const timeline = merged(memories.map(({ timelines }) => timelines.get(followed) ?? NOWHERE));
    const seenUntil = earliest(...memories.map(({ lastLook }) => lastLook));
    const isNowhere = (timeline.at(-1)?.images ?? []).length === 0;
    if (seenUntil === undefined || isNowhere) return unknown('no location of it was found');
    const selector = this.#selectorOf(source);
    const compare = (a: string, b: string) => selector.compare(a, b);
    return { kind: 'seen', followed, soaking: { timeline, seenUntil, compare } };
  }
  /** The earliest moment at which something will have soaked: it has to be seen to be there still. */
  nextSoaked(now: Date): Date | undefined {
    if (this.#sites.size === 0) return undefined;
    return earliest(
      ...this.#promoted().map(({ policy, world }) => {
        const source = this.sourceOf(policy, world);
        return source.kind === 'seen' ? nextSoaked(source.soaking, soakOf(policy), now) : undefined;
      }),
    );
  }

  /**
   * What the status of a policy says of its locations; undefined where no policy is promoted from it.
   * @param previous what it says: what was not looked at yet stays
   */
  kept(policy: PolicyKey, previous: KeptTimelines = []): KeptTimelines | undefined {
    if (this.#sites.size === 0 && previous.length === 0) return undefined;
    const promoted = this.#promoted().find((one) => followedPolicy(one.policy) === policy);
    if (promoted === undefined) return undefined;
    const { automations } = promoted.world;
    const seen = [...this.#sites.values()].flatMap(({ site, memory }) => {
      const timeline = memory.timelines.get(policy);
      return timeline === undefined ? [] : [{ ...site, timeline }];
    });
    return keptBeside(
      previous,
      seen,
      (automation) => automations.has(automation) && !this.#sites.has(automation),
    );
  }

  async #known(site: Site, policies: Iterable<PolicyKey>): Promise<KnownLocations> {
    const known = this.#sites.get(site.automation);
    if (known?.site.repo === site.repo) return known;
    return { memory: await this.#options.store.load(site, policies), head: undefined };
  }

  #selectorOf(policy: ImagePolicy): TagSelector {
    const selector = this.#selectors.get(policy) ?? createSelector(policy.spec);
    this.#selectors.set(policy, selector);
    return selector;
  }

  /** The latest last. */
  #setWorld(automation: string, world: PromotionWorld): void {
    this.#worlds.delete(automation);
    this.#worlds.set(automation, world);
  }

  /** What happened while an automation was away or suspended, nobody saw: it has to look again. */
  #keepOnly({ automations }: PromotionWorld): void {
    if (this.#options.scope === 'looked-at') return;
    for (const name of this.#sites.keys()) {
      const automation = automations.get(name);
      if (automation === undefined) this.#drop(name);
      else if (automation.spec.suspend) this.#troubles.set(name, 'it was suspended');
    }
  }

  #drop(automation: string): void {
    this.#sites.delete(automation);
    this.#troubles.delete(automation);
  }

  #worldOf(policy: ImagePolicy): PromotionWorld | undefined {
    const key = policyKey(policy);
    return (
      this.#options.world?.() ??
      [...this.#worlds.values()].findLast(({ policies }) => policies.has(key))
    );
  }

  /** The policies that are promoted from others. */
  #promoted(): readonly Promoted[] {
    const { world } = this.#options;
    const worlds = world === undefined ? [...this.#worlds.values()] : [world()];
    const all = new Map(
      worlds.flatMap((one) =>
        [...one.policies].map(([key, policy]) => [key, { policy, world: one }] as const),
      ),
    );
    return [...all.values()].filter(({ policy }) => policy.spec.promoteFrom !== undefined);
  }

  /** The automations that may write locations of a policy: those that apply it, and others that were seen to. */
  #automationsOf(source: ImagePolicy, { automations }: PromotionWorld): readonly string[] {
    if (this.#options.scope === 'looked-at') {
      return [...new Set([...this.#sites.keys(), ...this.#troubles.keys()])];
    }
    const key = policyKey(source);
    return [...automations].flatMap(([name, automation]) => {
      const { timelines } = this.#sites.get(name)?.memory ?? {};
      const isFound = timelines?.get(key)?.some(({ images }) => images.length > 0);
      return isFound === true || appliesTo(automation, source.metadata) ? [name] : [];
    });
  }

  /** Why nobody knows what an automation would see. @param namespace of those who are told */
  #troubleOf(name: string, { automations }: PromotionWorld, namespace: string): string | undefined {
    const label = name === '' ? 'this run' : `ImageUpdateAutomation ${name}`;
    if (automations.get(name)?.spec.suspend === true) return `${label} is suspended`;
    const trouble = this.#troubles.get(name);
    if (trouble !== undefined) {
      const isOwn = name === '' || name.startsWith(`${namespace}/`);
      // What is wrong with a repo of another namespace is nobody else's business.
      return isOwn ? `${label}: ${trouble}` : `${label} cannot look at its repo; see its status`;
    }
    return this.#sites.has(name) ? undefined : `${label} has not looked at its repo yet`;
  }

  /** Tells of the policies for which something is otherwise, and of those that they are promoted from. */
  #tell(): void {
    // Where nothing is promoted, nobody goes through all policies.
    if (this.#sites.size === 0 && this.#told.size === 0) return;
    const changed = this.#promoted().filter(({ policy, world }) => {
      const source = this.sourceOf(policy, world);
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
