import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError } from '../../domain/errors.ts';
import { repositoryKey } from '../../domain/image-reference.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { policyKey } from '../../domain/plan/policy-view.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import type { ImageTimes } from '../../domain/selection/image-times.ts';
import type {
  Ranking,
  Selection,
  SelectionRules,
  TagSelector,
} from '../../domain/selection/selector.ts';
import { filteredTags } from '../../domain/selection/tag-filter.ts';
import type { ImageLibrary, ImageSource } from './image-library.ts';
import type { RepositoryScan } from './repository-scans.ts';
import { tagTimes } from './tag-times.ts';

/** Where the build times that `policy.newest` orders by come from, and what time it is. */
export interface TimeSource {
  readonly library: ImageLibrary;
  readonly source: ImageSource;
  readonly now: Date;
}

/** A selector that was compiled for these rules. */
interface Compiled {
  readonly rules: string;
  readonly selector: TagSelector;
}

/** A ranking, and whether it goes on beyond the newest tag. */
interface KnownRanking {
  readonly isGated: boolean;
  readonly ranking: Ranking;
}

/** Compiled rules of policies, and what they made of scans: passes come more often than scans. */
export class PolicySelectors {
  readonly #compiled = new Map<PolicyKey, Compiled>();
  readonly #timed = new WeakMap<RepositoryScan, Map<PolicyKey, Compiled>>();
  readonly #rankings = new WeakMap<RepositoryScan, Map<TagSelector, KnownRanking>>();

  /** A policy's rules, without a look at its images: under `newest` it orders nothing. */
  of(policy: ImagePolicy): TagSelector {
    return known(this.#compiled, policy) ?? compile(this.#compiled, policy);
  }

  /**
   * A policy's rules for the tags of one scan.
   * @throws AppError when a build time that is needed cannot be had
   */
  async forScan(
    policy: ImagePolicy,
    scan: RepositoryScan,
    images: TimeSource,
    signal: AbortSignal,
  ): Promise<TagSelector> {
    if (policy.spec.policy.newest === undefined) return this.of(policy);
    const ofScan = this.#timed.get(scan) ?? new Map<PolicyKey, Compiled>();
    this.#timed.set(scan, ofScan);
    const selector = known(ofScan, policy);
    if (selector !== undefined) return selector;
    return compile(ofScan, policy, await timesFor(policy.spec, scan, images, signal));
  }

  /** The allowed tags of a scan. @param isGated may more than the newest be asked about? */
  ranking(
    policy: ImagePolicy,
    { selector, scan }: { readonly selector: TagSelector; readonly scan: RepositoryScan },
    isGated: boolean,
  ): Ranking {
    const { policy: rule, image } = policy.spec;
    if (rule.digest !== undefined) return followed(image, rule.digest.tag, scan);
    const ofScan = this.#rankings.get(scan) ?? new Map<TagSelector, KnownRanking>();
    this.#rankings.set(scan, ofScan);
    const before = ofScan.get(selector);
    if (before?.isGated === isGated) return before.ranking;
    const ranking = isGated ? selector.rank(scan.tags) : onlyNewest(selector.select(scan.tags));
    ofScan.set(selector, { isGated, ranking });
    return ranking;
  }

  forget(key: PolicyKey): void {
    this.#compiled.delete(key);
  }
}

/**
 * The build times that `policy.newest` needs: of all tags that the filter lets through.
 * @throws AppError when one cannot be had, or an image says nothing of it
 */
export async function timesFor(
  { filterTags }: SelectionRules,
  { tags, digests, told }: Pick<RepositoryScan, 'tags' | 'digests' | 'told'>,
  { library, source, now }: TimeSource,
  signal: AbortSignal,
): Promise<ImageTimes> {
  const wanted = filteredTags(filterTags, tags);
  const byTag = await tagTimes(library, source, { tags: wanted, digests, told, now }, signal);
  const untimed = wanted.find((tag) => byTag.get(tag) === 'absent');
  if (untimed === undefined) return { byTag, now };
  // It could be the newest: choosing another would be a guess.
  const message = `${repositoryKey(source.repository)}:${untimed} does not say when it was built, so that nobody can tell which tag is the newest; leave it out with filterTags`;
  throw new AppError('registry/bad-response', message);
}

function rulesOf({ spec }: ImagePolicy): string {
  return JSON.stringify([spec.policy, spec.filterTags]);
}

function known(
  compiled: ReadonlyMap<PolicyKey, Compiled>,
  policy: ImagePolicy,
): TagSelector | undefined {
  const before = compiled.get(policyKey(policy));
  return before?.rules === rulesOf(policy) ? before.selector : undefined;
}

function compile(
  compiled: Map<PolicyKey, Compiled>,
  policy: ImagePolicy,
  times?: ImageTimes,
): TagSelector {
  const selector = createSelector(policy.spec, times);
  compiled.set(policyKey(policy), { rules: rulesOf(policy), selector });
  return selector;
}

/** The one tag that is followed, if it is there. */
function followed(image: string, tag: string, { digests }: RepositoryScan): Ranking {
  return digests.get(tag) === null
    ? { kind: 'none', reason: 'NoMatchingTag', message: `${image} has no tag ${tag}` }
    : onlyNewest({ kind: 'selected', tag });
}

function onlyNewest(selection: Selection): Ranking {
  if (selection.kind === 'none') return selection;
  return { kind: 'ranked', tagAt: (index) => (index === 0 ? selection.tag : undefined) };
}
