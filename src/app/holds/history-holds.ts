import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { HoldMemory } from './hold-memory.ts';
import type { OpenPast } from '../read/past.ts';
import type { HoldSource } from './plan-with-holds.ts';

/** Where it may be seen that a person took a change back. */
export interface RevertSource {
  readonly openPast: OpenPast;
  readonly memory: HoldMemory;
  readonly strategy: UpdateStrategy;
}

/** Holds that history tells of; none where there is no history. */
export function historyHolds({ openPast, memory, strategy }: RevertSource): HoldSource {
  return async (moves, { views, byMarker, now }, signal) => {
    const past = await openPast(signal);
    if (past.kind === 'none') return new Map();
    const holds = await memory.holdsOf(
      {
        history: past.history,
        head: past.head,
        strategy,
        slots: moves.map(({ slot }) => slot),
        owners: views,
        byMarker,
        now,
        compareFor: (policy) => (a, b) => views.get(policy)?.selector.compare(a, b),
      },
      signal,
    );
    return new Map([...holds].map(([slot, hold]) => [slot, [hold]]));
  };
}
