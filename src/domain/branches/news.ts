import type { RecordedStep } from '../commit-record.ts';
import type { Decision } from '../plan/decide-slot.ts';
import { mayWait } from '../plan/waiting.ts';

/**
 * The changes that a branch does not hold yet, as far as they may wait.
 * @param held steps of the branch's commits, as their trailers tell; none: nothing is there yet
 */
export function newsOf(
  decisions: readonly Decision[],
  held: readonly RecordedStep[],
): readonly Decision[] {
  const isHeld = ({ policy, target }: Decision) =>
    held.some((step) => step.policy === policy && step.to === target);
  return decisions.filter((decision) => mayWait(decision) && !isHeld(decision));
}

/** Does a branch hold an earlier step of a policy that changes move on? Made anew without them it would lose that. */
export function replacesSome(
  news: readonly Pick<Decision, 'policy'>[],
  held: readonly RecordedStep[],
): boolean {
  return held.some(({ policy }) => news.some((decision) => decision.policy === policy));
}
