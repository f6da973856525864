import type { ImagePolicy } from '../../api/image-policy.ts';
import { parseRepository, type Repository } from '../image-reference.ts';
import { createSelector } from '../selection/create-selector.ts';
import type { SelectionRules } from '../selection/selector.ts';
import { createTagFilter } from '../selection/tag-filter.ts';

/** What a push is about, as far as the sender says. It is a hint and decides nothing but when to scan. */
export interface PushedImage {
  /** Host of the registry; absent where the sender does not know by which name others reach it. */
  readonly registry?: string;
  /** Path of the repository. */
  readonly path: string;
  /** The sender leaves out what may stand before the path, such as the name of one of its own repositories. */
  readonly isTail?: boolean;
  /** Null: pushed without a tag, as a platform's manifest or a signature is. Absent: the sender does not say. */
  readonly tag?: string | null;
}

/** Tags under which signatures and the like of an image are kept (cosign, OCI referrers fallback). */
const ATTACHED = /^sha256-/;

/**
 * May any of these pushes change what a policy says? By the repository that it scans or the one that it
 * writes, which differ where one mirrors the other; and by the tag, where the sender says it.
 */
export function isConcerned({ spec }: ImagePolicy, pushes: readonly PushedImage[]): boolean {
  const names = spec.writtenName === undefined ? [spec.image] : [spec.image, spec.writtenName];
  const repositories = names.map(parseRepository);
  const ofPolicy = pushes.filter((pushed) => repositories.some((one) => isOf(one, pushed)));
  if (ofPolicy.length === 0) return false;
  const matters = tagsThatMatter(spec);
  return ofPolicy.some(({ tag }) => tag === undefined || matters(tag));
}

function isOf({ registry, path }: Repository, pushed: PushedImage): boolean {
  if (pushed.registry !== undefined && pushed.registry !== registry) return false;
  return path === pushed.path || (pushed.isTail === true && path.endsWith(`/${pushed.path}`));
}

function tagsThatMatter({
  policy,
  filterTags,
  lock,
  verify,
}: ImagePolicy['spec']): (tag: string | null) => boolean {
  const isAllowed = allowedTags({ policy, filterTags });
  return (tag) => {
    // A signature usually comes just after its image.
    if (tag === null || ATTACHED.test(tag)) return verify !== undefined;
    return tag === lock?.tag || isAllowed(tag);
  };
}

function allowedTags({ policy, filterTags }: SelectionRules): (tag: string) => boolean {
  if (policy.digest !== undefined) return (tag) => tag === policy.digest?.tag;
  if (policy.newest === undefined) {
    const selector = createSelector({ policy, filterTags });
    return (tag) => selector.select([tag]).kind === 'selected';
  }
  // The order by time needs more than the tag; the filter does not.
  const filter = createTagFilter(filterTags);
  return (tag) =>
    typeof filter.orderedText(tag) === 'string' && filter.exclusion(tag) === undefined;
}
