import type {
  ImageUpdateAutomation,
  ImageUpdateAutomationSpec,
} from '../../api/image-update-automation.ts';
import { groupBy } from '../group-by.ts';
import type { PolicyKey } from '../manifest/image-field.ts';
import { innermost } from '../repo-path.ts';
import type { Decision } from './decide-slot.ts';
import type { PolicyView } from './policy-view.ts';
import { changesOf, type Change } from './update-plan.ts';

/** What goes into one commit or pull request. */
type GroupBy = NonNullable<ImageUpdateAutomationSpec['groupBy']>;

/** Changes that are made together or not at all. */
export interface ChangeGroup {
  /** `all`, `policy NAMESPACE/NAME` or `path FOLDER`; the same group has the same name at all times. */
  readonly name: string;
  /** Those that move something. */
  readonly decisions: readonly Decision[];
  readonly changes: readonly Change[];
}

/** How changes are grouped. */
export interface Grouping {
  readonly by: GroupBy;
  /** `spec.update.paths`: what `path` goes by. */
  readonly paths: readonly string[];
}

/** How an automation groups changes; everything together where there is none. */
export function groupingOf(automation: ImageUpdateAutomation | undefined): Grouping {
  const { groupBy: by = 'all', update } = automation?.spec ?? {};
  return { by, paths: update?.paths ?? [] };
}

/**
 * Puts the moving decisions of a plan into groups, in the order in which their first locations stand in
 * the repo. By `path`, a group is the entry of `update.paths` that holds the file, the longest where
 * several do; where none are given, the file's folder.
 */
export function groupDecisions(
  decisions: readonly Decision[],
  views: ReadonlyMap<PolicyKey, PolicyView>,
  grouping: Grouping,
): readonly ChangeGroup[] {
  const moving = decisions.filter(({ edits }) => edits.length > 0);
  const groups = groupBy(moving, (decision) => groupOfDecision(decision, grouping));
  return [...groups].map(([name, ofGroup]) => ({
    name,
    decisions: ofGroup,
    changes: changesOf(ofGroup, views),
  }));
}

/** What groups move, all of them together. */
export function decisionsOf(groups: readonly ChangeGroup[]): readonly Decision[] {
  return groups.flatMap(({ decisions }) => decisions);
}

/** Groups without some of their decisions; one that is left with none is gone. */
export function withoutDecisions(
  groups: readonly ChangeGroup[],
  views: ReadonlyMap<PolicyKey, PolicyView>,
  left: ReadonlySet<Decision>,
): readonly ChangeGroup[] {
  return groups.flatMap(({ name, decisions: all }) => {
    const decisions = all.filter((decision) => !left.has(decision));
    return decisions.length === 0
      ? []
      : [{ name, decisions, changes: changesOf(decisions, views) }];
  });
}

/** The name of the group that a decision belongs to, whether or not it moves something now. */
export function groupOfDecision(
  { policy, slot }: Pick<Decision, 'policy' | 'slot'>,
  { by, paths }: Grouping,
): string {
  switch (by) {
    case 'all':
      return 'all';
    case 'policy':
      return `policy ${policy}`;
    case 'path':
      return `path ${placeOf(slot.fields[0].at.path, paths)}`;
  }
}

function placeOf(file: string, paths: readonly string[]): string {
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '.';
  return innermost(file, paths) ?? folder;
}
