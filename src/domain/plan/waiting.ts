import type { Decision } from './decide-slot.ts';
import type { Reason } from './slot-verdict.ts';
import type { UpdatePlan } from './update-plan.ts';

/** What keeps wanted changes waiting. */
export interface Wait {
  readonly reason: Extract<Reason, 'WindowClosed' | 'Batching'>;
  /** For what, until when and why, to stand behind "waits". */
  readonly text: string;
}

/** May a change wait? What a lock says is a person's word: nothing stops it. */
export function mayWait({ lock, edits }: Pick<Decision, 'lock' | 'edits'>): boolean {
  return lock === undefined && edits.length > 0;
}

/** A plan of which some changes are told of and not made. */
export function keepWaiting(
  plan: UpdatePlan,
  waits: (decision: Decision) => boolean,
  wait: Wait,
): UpdatePlan {
  const decisions = plan.decisions.map((decision) =>
    waits(decision) ? waiting(decision, wait) : decision,
  );
  return { ...plan, decisions };
}

function waiting(decision: Decision, { reason, text }: Wait): Decision {
  const { target: _, ...stays } = decision;
  return { ...stays, reason, message: `${decision.message} waits ${text}`, edits: [] };
}

/** How many changes wait, and for what, in one line; undefined: none do. */
export function waitSummary(
  decisions: readonly Pick<Decision, 'reason'>[],
  wait: Wait | undefined,
): string | undefined {
  const count = decisions.filter(({ reason }) => reason === wait?.reason).length;
  if (wait === undefined || count === 0) return undefined;
  return count === 1
    ? `1 location to be changed waits ${wait.text}`
    : `${count} locations to be changed wait ${wait.text}`;
}
