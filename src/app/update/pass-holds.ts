import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { HoldMemory } from '../holds/hold-memory.ts';
import { historyHolds } from '../holds/history-holds.ts';
import type { OpenPast } from '../read/past.ts';
import type { HoldRules, HoldSource } from '../holds/plan-with-holds.ts';
import type { DeskOpener, PullRequestDesk } from '../pull-requests/pull-request-desk.ts';
import { refusedProposals, type ProposalSource } from '../pull-requests/refused-proposals.ts';

/** What holds of a pass are found by. */
export interface HoldSubject {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly strategy: UpdateStrategy;
  readonly memory: HoldMemory;
  readonly openPast: OpenPast;
  readonly desk: PullRequestDesk | undefined;
}

/** Where it may be seen that a person took a change back, or would not have it. */
export function holdRules(subject: HoldSubject): HoldRules {
  const { automation, strategy, memory, openPast, desk } = subject;
  const mode = automation?.spec.onRevert ?? 'SkipTag';
  return {
    mode,
    sources: [
      historyHolds({ openPast, memory, strategy }),
      ...(automation === undefined || desk === undefined
        ? []
        : [refusals({ automation, mode, memory, openPast, desk })]),
    ],
  };
}

/** What persons refused by closing a pull request; where a branch has those, it has a history, too. */
function refusals({ openPast, memory, ...proposals }: RefusalSubject): HoldSource {
  return async (moves, input, signal) => {
    const past = await openPast(signal);
    if (past.kind === 'none') return new Map();
    const { history, head } = past;
    const releases = { history, head, memory };
    return refusedProposals({ ...proposals, releases })(moves, input, signal);
  };
}

type RefusalSubject = Omit<ProposalSource, 'releases'> & Pick<HoldSubject, 'openPast' | 'memory'>;

/** Whose pull requests are to be opened, and on which commit. */
interface DeskRequest {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly head: string | undefined;
  readonly isLent: boolean | undefined;
}

/** The pull requests of a pass; undefined where its automation opens none, or there is no forge. */
export async function passDesk(
  openDesk: DeskOpener | undefined,
  { automation, head, isLent = false }: DeskRequest,
  signal: AbortSignal,
): Promise<PullRequestDesk | undefined> {
  if (automation === undefined || automation.spec.suspend || head === undefined) return undefined;
  return openDesk?.({ automation, head, isLent }, signal);
}
