import type { UpdateStrategy } from '../../api/image-update-automation.ts';
import type { HoldMemory } from './hold-memory.ts';
import type { History } from '../read/slots-in-history.ts';
import type { HoldSource } from './plan-with-holds.ts';

/** Where it may be seen that a person took a change back. */
export interface RevertSource {
  readonly history: History;
  readonly head: string;
  readonly memory: HoldMemory;
  readonly strategy: UpdateStrategy;
}

/** Holds that the history of a branch tells of. */
export function historyHolds({ memory, ...source }: RevertSource): HoldSource {
  return async (moves, { views, byMarker, now }, signal) => {
    const holds = await memory.holdsOf(
      {
        ...source,
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
