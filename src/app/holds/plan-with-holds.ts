import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { OnRevert } from '../../domain/plan/hold.ts';
import { planUpdate, type PlanInput, type UpdatePlan } from '../../domain/plan/update-plan.ts';
import type { HoldMemory } from './hold-memory.ts';
import type { History } from '../read/slots-in-history.ts';

/** Where it may be seen that a person took a change back. */
export interface RevertSource {
  readonly history: History;
  readonly head: string;
  readonly memory: HoldMemory;
  readonly mode: OnRevert;
  readonly strategy: UpdateStrategy;
}

/** Plans, and leaves alone what somebody moved away from what was written there. */
export async function planWithHolds(
  input: PlanInput,
  { mode, memory, ...source }: RevertSource,
  signal: AbortSignal,
): Promise<UpdatePlan> {
  const plan = planUpdate(input);
  // History is asked only where something would be written. A closed window must not hide a hold.
  const wishes = input.closed === undefined ? plan : planUpdate({ ...input, closed: undefined });
  const slots = wishes.decisions
    .filter(({ lock, edits }) => lock === undefined && edits.length > 0)
    .map(({ slot }) => slot);
  if (mode === 'Override' || slots.length === 0) return plan;
  const { views, byMarker, now } = input;
  const holds = await memory.holdsOf(
    {
      ...source,
      slots,
      owners: views,
      byMarker,
      now,
      compareFor: (policy) => (a, b) => views.get(policy)?.selector.compare(a, b),
    },
    signal,
  );
  if (holds.size === 0) return plan;
  // Slots are made anew by each planning: they are the same where their first field is.
  const byField = new Map([...holds].map(([{ fields }, hold]) => [fields[0], [hold]]));
  return planUpdate({
    ...input,
    reverts: { mode, holdsOf: ({ fields }) => byField.get(fields[0]) ?? [] },
  });
}
