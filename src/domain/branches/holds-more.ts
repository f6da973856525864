import type { RecordedStep } from '../commit-record.ts';

/**
 * Does a branch hold all that is wanted, and more only of policies that nothing is certain of just now: that a
 * registry does not answer, or a window is closed, takes nothing back that waits to be merged.
 * @param held steps of the branch's commits, as their trailers tell
 * @param wanted steps that are to be made now
 */
export function holdsMore(
  held: readonly RecordedStep[],
  wanted: readonly RecordedStep[],
  isSettled: (policy: string) => boolean,
): boolean {
  const more = held.filter((step) => !includes(wanted, step));
  return (
    more.length > 0 &&
    more.every(({ policy }) => !isSettled(policy)) &&
    wanted.every((step) => includes(held, step))
  );
}

function includes(steps: readonly RecordedStep[], { policy, to }: RecordedStep): boolean {
  return steps.some((step) => step.policy === policy && step.to === to);
}
