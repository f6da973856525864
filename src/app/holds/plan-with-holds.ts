import type { Decision } from '../../domain/plan/decide-slot.ts';
import type { Hold, OnRevert } from '../../domain/plan/hold.ts';
import type { ImageSlot } from '../../domain/plan/image-slot.ts';
import { mayWait } from '../../domain/plan/waiting.ts';
import { planUpdate, type PlanInput, type UpdatePlan } from '../../domain/plan/update-plan.ts';

/** Finds out which of the moves that a plan would make persons will not have. */
export type HoldSource = (
  moves: readonly Decision[],
  input: PlanInput,
  signal: AbortSignal,
) => Promise<ReadonlyMap<ImageSlot, readonly Hold[]>>;

/** What persons took back or refused, and what that means. */
export interface HoldRules {
  readonly mode: OnRevert;
  readonly sources: readonly HoldSource[];
}

/** Plans, and leaves alone what somebody moved away from what was written there, or would not have. */
export async function planWithHolds(
  input: PlanInput,
  { mode, sources }: HoldRules,
  signal: AbortSignal,
): Promise<UpdatePlan> {
  const plan = planUpdate(input);
  // Persons are asked about only where something would be written.
  const moves = plan.decisions.filter(mayWait);
  if (mode === 'Override' || moves.length === 0) return plan;
  // Slots are made anew by each planning: they are the same where their first field is.
  const byField = new Map<unknown, readonly Hold[]>();
  for (const source of sources) {
    for (const [{ fields }, holds] of await source(moves, input, signal)) {
      byField.set(fields[0], [...(byField.get(fields[0]) ?? []), ...holds]);
    }
  }
  if (byField.size === 0) return plan;
  return planUpdate({
    ...input,
    reverts: { mode, holdsOf: ({ fields }) => byField.get(fields[0]) ?? [] },
  });
}
