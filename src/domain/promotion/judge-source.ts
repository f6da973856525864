import type { ImagePolicy } from '../../api/image-policy.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import type { CompareTags } from '../plan/hold.ts';
import { appliesTo } from '../resources/merge-resources.ts';
import { earliest } from '../schedule.ts';
import type { SiteMemory } from './kept-site.ts';
import { promotionFault } from './promotion-fault.ts';
import {
  followedPolicy,
  soakOf,
  type PromotionSource,
  type PromotionWorld,
} from './promotion-source.ts';
import { merged, NOWHERE } from './timeline.ts';

/** What was seen of what an automation writes. */
export interface SeenSite {
  /** As the last complete look found it; absent: there was none yet. */
  readonly memory?: SiteMemory | undefined;
  /** Why the last look was none. */
  readonly trouble?: string | undefined;
  /** Why nobody could tell what was there before the first look. */
  readonly untold?: string | undefined;
}

/**
 * How far somebody sees. `all`: nothing is known before every automation was heard that may write locations of a
 * policy. `looked-at`: those that were looked at are all there are.
 */
export type SightScope = 'all' | 'looked-at';

/** All that somebody has seen. */
export interface Sight {
  readonly scope: SightScope;
  /** By automation. */
  readonly sites: ReadonlyMap<string, SeenSite>;
  /** The order of a policy's tags. */
  readonly compareFor: (policy: ImagePolicy) => CompareTags;
}

/** Where a policy with `spec.promoteFrom` is promoted from, by what is there and what was seen. */
export function judgeSource(
  policy: ImagePolicy,
  world: PromotionWorld,
  sight: Sight,
): PromotionSource {
  const followed = followedPolicy(policy) ?? '';
  const unseen = world.known.has(followed) ? undefined : world.unseen?.(followed);
  if (unseen !== undefined) return unknownSource(followed, unseen);
  const fault = promotionFault(policy, world);
  if (fault !== undefined) return { kind: 'invalid', message: fault };
  const source = world.policies.get(followed);
  if (source === undefined) return unknownSource(followed, 'it cannot be used; see its status');
  const names = automationsOf(source, world, sight);
  const { namespace } = policy.metadata;
  const [trouble] = names.flatMap((name) => troubleOf(name, { world, sight, namespace }) ?? []);
  if (trouble !== undefined) return unknownSource(followed, trouble);
  const sites = names.flatMap((name) => sight.sites.get(name) ?? []);
  const { scope } = sight;
  return seenSource(policy, followed, { sites, scope, compare: sight.compareFor(source) });
}

/** What the locations of a policy hold, from where all of them could be looked at. */
function seenSource(
  policy: ImagePolicy,
  followed: PolicyKey,
  {
    sites,
    scope,
    compare,
  }: {
    readonly sites: readonly SeenSite[];
    readonly scope: SightScope;
    readonly compare: CompareTags;
  },
): PromotionSource {
  const memories = sites.flatMap(({ memory }) => memory ?? []);
  const timeline = merged(memories.map(({ timelines }) => timelines.get(followed) ?? NOWHERE));
  const seenUntil = earliest(...memories.map(({ lastLook }) => lastLook));
  const isNowhere = (timeline.at(-1)?.images ?? []).length === 0;
  if (seenUntil === undefined || isNowhere) {
    const limit = scope === 'all' ? '' : ', and `update` sees one repo and branch alone';
    return unknownSource(followed, `no location of it was found${limit}`);
  }
  const [untold] = sites.flatMap((site) => site.untold ?? []);
  if (untold !== undefined && soakOf(policy) > 0) {
    const message = `nobody knows since when ${followed} runs what it does: ${untold}`;
    return { kind: 'unknown', message };
  }
  return { kind: 'seen', followed, soaking: { timeline, seenUntil, compare } };
}

/** Nobody knows what a policy runs, and this is why. */
export function unknownSource(
  followed: PolicyKey,
  why: string,
): Extract<PromotionSource, { kind: 'unknown' }> {
  return { kind: 'unknown', message: `nobody knows what ${followed} runs: ${why}` };
}

/** The automations that may write locations of a policy: those that apply it, and others that were seen to. */
function automationsOf(
  source: ImagePolicy,
  { automations }: PromotionWorld,
  { scope, sites }: Sight,
): readonly string[] {
  if (scope === 'looked-at') return [...sites.keys()];
  const { namespace, name: own } = source.metadata;
  return [...automations].flatMap(([name, automation]) => {
    const timeline = sites.get(name)?.memory?.timelines.get(`${namespace}/${own}`);
    const isFound = timeline?.some(({ images }) => images.length > 0);
    return isFound === true || appliesTo(automation, source.metadata) ? [name] : [];
  });
}

/** Why nobody knows what an automation would see. @param namespace of those who are told */
function troubleOf(
  name: string,
  {
    world,
    sight,
    namespace,
  }: { readonly world: PromotionWorld; readonly sight: Sight; readonly namespace: string },
): string | undefined {
  const label = name === '' ? 'this run' : `ImageUpdateAutomation ${name}`;
  if (world.automations.get(name)?.spec.suspend === true) return `${label} is suspended`;
  const { memory, trouble } = sight.sites.get(name) ?? {};
  if (trouble !== undefined) {
    const isOwn = name === '' || name.startsWith(`${namespace}/`);
    // What is wrong with a repo of another namespace is nobody else's business.
    return isOwn ? `${label}: ${trouble}` : `${label} cannot look at its repo; see its status`;
  }
  return memory === undefined ? `${label} has not looked at its repo yet` : undefined;
}
