import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { HoldMemory } from '../holds/hold-memory.ts';
import { historyHolds } from '../holds/history-holds.ts';
import type { History } from '../read/slots-in-history.ts';
import type { HoldRules } from '../holds/plan-with-holds.ts';
import type { DeskOpener, PullRequestDesk } from '../pull-requests/pull-request-desk.ts';
import { refusedProposals } from '../pull-requests/refused-proposals.ts';

/** What holds of a pass are found by. */
export interface HoldSubject {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly strategy: UpdateStrategy;
  readonly memory: HoldMemory;
  readonly history: History | undefined;
  /** Commit that is looked at. */
  readonly head: string | undefined;
  readonly desk: PullRequestDesk | undefined;
}

/** Where it may be seen that a person took a change back, or would not have it: nowhere, in a plain folder. */
export function holdRules(subject: HoldSubject): HoldRules {
  const { automation, strategy, memory, history, head, desk } = subject;
  const mode = automation?.spec.onRevert ?? 'SkipTag';
  const isRemote = history !== undefined && head !== undefined;
  return {
    mode,
    sources: [
      ...(isRemote ? [historyHolds({ history, head, memory, strategy })] : []),
      ...(isRemote && automation !== undefined && desk !== undefined
        ? [refusedProposals({ desk, automation, mode, releases: { history, head, memory } })]
        : []),
    ],
  };
}

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
