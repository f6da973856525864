import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { AppError, type Finding } from '../../domain/errors.ts';
import type { ImageField, PolicyKey, ResourceId } from '../../domain/manifest/image-field.ts';
import type { CompareTags, Hold } from '../../domain/plan/hold.ts';
import { assignFields, type ImageSlot, type OwningPolicy } from '../../domain/plan/image-slot.ts';
import { heldText } from '../../domain/plan/target.ts';
import { resourcesFor, type Resources } from '../../domain/resources/merge-resources.ts';
import { createSelector } from '../../domain/selection/create-selector.ts';
import { listRefusals, type RefusalScope } from '../pull-requests/list-refusals.ts';
import type { BranchWork } from '../update/branch-sessions.ts';
import { findHolds } from './hold-search.ts';

/** A field that somebody moved away from what was written there, or would not have changed. */
export interface ListedHold extends Hold {
  readonly policy: PolicyKey;
  readonly path: string;
  readonly line: number;
  readonly resource?: ResourceId;
  /** What it holds. */
  readonly current?: string;
}

/** All holds of a branch, by path and line. */
export interface HoldList {
  readonly holds: readonly ListedHold[];
  /** Why some may be missing. */
  readonly findings: readonly Finding[];
}

/** Without its policy, tags are compared as versions. */
const BY_VERSION = createSelector({ policy: { semver: { range: '*' } } });

/** What holds are listed of. */
export interface HoldScope extends BranchWork {
  readonly head: string;
  /** Resources from elsewhere; see {@link resourcesFor}. */
  readonly given: Resources;
  /** Those whose pull requests count. */
  readonly automationsOf: (resources: Resources) => readonly ImageUpdateAutomation[];
}

/**
 * Lists the holds that history tells of, and those that the forge does. Policies that are not in the repo count by what
 * markers say of them: their fields are known, and tags are compared as versions.
 */
export async function listHolds(scope: HoldScope, signal: AbortSignal): Promise<HoldList> {
  const { writer, context, head, given } = scope;
  const { branch, clock } = writer;
  const { reader, holds: memory } = context;
  const now = clock.now();
  const strategy = 'Images';
  const source = branch.files(head);
  const { files, resources: found } = await reader.read(
    source,
    { strategy, revision: head },
    signal,
  );
  const resources = resourcesFor(given, found);
  const { policies } = resources;
  const fields = [...files.values()].flatMap((file) => file.fields);
  const owners = ownersOf(fields, policies);
  const { slots } = assignFields(fields, owners, new Set(owners.keys()));
  const compareFor = (key: PolicyKey): CompareTags => {
    const policy = policies.get(key);
    const selector = policy === undefined ? BY_VERSION : createSelector(policy.spec);
    return (a, b) => selector.compare(a, b);
  };
  const query = { history: branch, head, slots, owners, strategy, compareFor, now } as const;
  const reverted = await findHolds(query, signal);
  const releases = { history: branch, head, memory };
  const refused = await refusals(scope, { resources, slots, compareFor, releases, now }, signal);
  const holds = slots.flatMap((slot) => {
    const revert = reverted.get(slot);
    return [
      ...(revert === undefined ? [] : [listed(slot, revert)]),
      ...(refused.bySlot.get(slot) ?? []).map((hold) => listed(slot, hold)),
    ];
  });
  return { holds, findings: refused.findings };
}

/** What persons said no to at the forge. One that cannot be asked hides nothing else. */
async function refusals(
  { automationsOf, context, head }: HoldScope,
  {
    resources,
    ...subject
  }: Omit<RefusalScope, 'automation' | 'desk'> & { readonly resources: Resources },
  signal: AbortSignal,
) {
  const bySlot = new Map<ImageSlot, readonly Hold[]>();
  const findings: Finding[] = [];
  for (const automation of automationsOf(resources)) {
    try {
      const desk = await context.openDesk?.({ automation, head, isLent: false }, signal);
      if (desk === undefined) continue;
      for (const [slot, holds] of await listRefusals({ ...subject, automation, desk }, signal)) {
        bySlot.set(slot, [...(bySlot.get(slot) ?? []), ...holds]);
      }
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'cancelled') throw error;
      const { namespace, name } = automation.metadata;
      const message = `the closed pull requests of ${namespace}/${name} are not looked at: ${error.message}`;
      findings.push({ severity: 'warning', code: error.code, message });
    }
  }
  return { bySlot, findings };
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
