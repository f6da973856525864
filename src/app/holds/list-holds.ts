import type { ImageField, PolicyKey, ResourceId } from '../../domain/manifest/image-field.ts';
import type { CompareTags, Hold } from '../../domain/plan/hold.ts';
import { assignFields, type ImageSlot, type OwningPolicy } from '../../domain/plan/image-slot.ts';
import { heldText } from '../../domain/plan/target.ts';
import { resourcesFor, type Resources } from '../../domain/resources/merge-resources.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import type { GitBranch } from '../../ports/ports.ts';
import type { ManifestReader } from '../read/manifest-reader.ts';
import { findHolds } from './hold-search.ts';

/** A field that somebody moved away from what was written there. */
export interface ListedHold extends Hold {
  readonly policy: PolicyKey;
  readonly path: string;
  readonly line: number;
  readonly resource?: ResourceId;
  /** What it holds. */
  readonly current?: string;
}

/** Without its policy, tags are compared as versions. */
const BY_VERSION = createSelector({ policy: { semver: { range: '*' } } });

/** What holds are listed of. */
export interface HoldScope {
  readonly branch: GitBranch;
  readonly head: string;
  readonly reader: ManifestReader;
  /** Resources from elsewhere; see {@link resourcesFor}. */
  readonly given: Resources;
  readonly now: Date;
}

/**
 * All holds of a branch, by path and line. Policies that are not in the repo count by what markers say of
 * them: their fields are known, and tags are compared as versions.
 */
export async function listHolds(
  { branch, head, reader, given, now }: HoldScope,
  signal: AbortSignal,
): Promise<readonly ListedHold[]> {
  const strategy = 'Images';
  const source = branch.files(head);
  const { files, resources } = await reader.read(source, { strategy, revision: head }, signal);
  const { policies } = resourcesFor(given, resources);
  const fields = [...files.values()].flatMap((file) => file.fields);
  const owners = ownersOf(fields, policies);
  const { slots } = assignFields(fields, owners, new Set(owners.keys()));
  const compareFor = (key: PolicyKey): CompareTags => {
    const policy = policies.get(key);
    const selector = policy === undefined ? BY_VERSION : createSelector(policy.spec);
    return (a, b) => selector.compare(a, b);
  };
  const query = { history: branch, head, slots, owners, strategy, compareFor, now } as const;
  const holds = await findHolds(query, signal);
  return [...holds].map(([slot, hold]) => listed(slot, hold));
}

function ownersOf(
  fields: readonly ImageField[],
  policies: ReadonlyMap<PolicyKey, NonNullable<OwningPolicy['policy']>>,
): ReadonlyMap<PolicyKey, OwningPolicy> {
  const marked = fields.flatMap(({ marker }) => (marker === undefined ? [] : [marker]));
  return new Map<PolicyKey, OwningPolicy>([
    ...marked.map((marker) => [marker, {}] as const),
    ...[...policies].map(([key, policy]) => [key, { policy }] as const),
  ]);
}

function listed(slot: ImageSlot, hold: Hold): ListedHold {
  const { at, resource } = slot.fields[0];
  const current = heldText(slot);
  return {
    ...hold,
    policy: slot.policy,
    path: at.path,
    line: at.line,
    ...(resource === undefined ? {} : { resource }),
    ...(current === undefined ? {} : { current }),
  };
}
