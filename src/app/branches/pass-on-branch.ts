import type { Decision } from '../../domain/plan/decide-slot.ts';
import type { Wait } from '../../domain/plan/waiting.ts';
import type { GitBranch } from '../../ports/ports.ts';
import type { CommitLine } from '../update/push-commits.ts';
import type { PlannedPass } from '../update/update-pass.ts';
import type { GroupBranch } from './group-branch.ts';
import type { ToldRefs } from './told-refs.ts';

/** A pass that was planned on a commit of a branch. */
export interface PassOnBranch {
  readonly branch: GitBranch;
  readonly revision: string;
  readonly pass: PlannedPass;
  /** What refs that cannot be read were sent before. */
  readonly toldRefs: ToldRefs;
  /** What keeps new changes waiting, where something does. */
  readonly wait?: Wait | undefined;
}

/** What is to be pushed for a pass. */
export interface PassLines {
  readonly lines: readonly CommitLine[];
  readonly branches: readonly GroupBranch[];
  /** Changes that may wait and are not where they go yet: where they have to wait, the lines are without them. */
  readonly news: readonly Decision[];
  /** To be called with the last commit once they are pushed. */
  readonly remember?: (commit: string) => void;
}

/** `namespace/name` of the automation that a pass is for. */
export function automationOf({ style }: Pick<PlannedPass, 'style'>): string {
  const { namespace, name } = style.automation;
  return `${namespace}/${name}`;
}
