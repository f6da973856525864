import { toSeconds } from '../../api/conditions.ts';
import type { Finding } from '../../domain/errors.ts';
import { heldBackOf, waitingOf, type HoldReason } from '../../domain/gates/gate-verdict.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import type { Reason } from '../../domain/plan/slot-verdict.ts';
import type { Hold } from '../../domain/plan/hold.ts';
import { policyKey, type PolicyView } from '../../domain/plan/policy-view.ts';
import { formatResource, type Change } from '../../domain/plan/update-plan.ts';
import type { GroupBranch } from '../branches/group-branch.ts';
import type { RetiredBranch } from '../branches/retire-branch.ts';
import type { SettledPullRequest } from '../pull-requests/settle-pull-requests.ts';
import type { CarriedOutPass } from './update-branch.ts';
import type { PlannedPass } from './update-pass.ts';

/** A location that stays as it is, and why. */
export interface Held {
  readonly policy: PolicyKey;
  readonly path: string;
  readonly line: number;
  readonly resource?: string;
  readonly reason: Reason;
  readonly message: string;
  readonly current?: string;
  /** What the policy would have chosen. */
  readonly choice?: string;
  /** Who took back what was written here. */
  readonly hold?: Hold;
  readonly lock?: { readonly by?: string; readonly reason?: string; readonly until?: string };
}

/** A tag that the rules allow, and why it is not chosen. */
export interface HeldBackTag {
  readonly tag: string;
  readonly reason: HoldReason;
  readonly message: string;
}

/** A tag that may be chosen later. */
export interface WaitingTag extends HeldBackTag {
  /** When, in RFC 3339. */
  readonly eligibleAt: string;
}

/** How many tags of either kind a report names of one policy. */
const MAX_HELD_BACK = 10;

/** What one policy says now. */
export interface PolicyReport {
  readonly policy: PolicyKey;
  readonly image: string;
  readonly state: PolicyView['choice']['kind'];
  readonly latest?: string;
  readonly message?: string;
  /** Newer tags that may be chosen later, newest first; at most 10. */
  readonly waiting?: readonly WaitingTag[];
  /** Newer tags of which nobody knows when they may be chosen, newest first; at most 10. */
  readonly heldBack?: readonly HeldBackTag[];
  /** Where it is written: counts of locations. */
  readonly locations: { readonly total: number; readonly changed: number; readonly held: number };
}

/** The outcome of a pass: what the command line prints, logs tell and status keeps. */
export interface UpdateReport {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
  readonly policies: readonly PolicyReport[];
  readonly findings: readonly Finding[];
  /** The commits that were made, the first of them first. */
  readonly commits: readonly ReportedCommit[];
  /** Branches of ours that changes go to or wait on, where they do not go to the branch that is read. */
  readonly branches: readonly BranchReport[];
  /** Pull requests from them, and those that were closed or would be. */
  readonly pullRequests: readonly SettledPullRequest[];
}

/** A commit that was made. */
export interface ReportedCommit {
  readonly id: string;
  readonly subject: string;
  /** Branch that it was pushed to; absent in a work tree. */
  readonly branch?: string;
}

/** How one branch of ours stands. */
export interface BranchReport extends Pick<GroupBranch, 'branch' | 'commit' | 'reason'> {
  readonly state: GroupBranch['state'] | RetiredBranch['state'];
  /** Names of the groups that stand on it. */
  readonly groups: readonly string[];
}

/** Builds the report of a pass. */
export function reportOf(outcome: CarriedOutPass): UpdateReport {
  const { pass, commits, branches, retired, pullRequests } = outcome;
  return {
    changes: changesOf(outcome),
    held: pass.plan.decisions.filter(isHeld).map(heldOf),
    policies: [...pass.views.values()].map((view) => policyReport(view, pass)),
    findings: pass.findings,
    commits: commits.map(({ id, subject, branch }) => ({
      id,
      subject,
      ...(branch === undefined ? {} : { branch }),
    })),
    branches: [
      ...branchReports(branches),
      ...(retired === undefined ? [] : [{ ...retired, groups: [] }]),
    ],
    pullRequests,
  };
}

/** What was changed, or would be: what waits on a branch is neither. */
function changesOf({ pass, commits, branches }: CarriedOutPass): readonly Change[] {
  // After a lost race the last plan holds only what was left to do.
  if (commits.length > 0) return commits.flatMap(({ changes }) => changes);
  if (branches.length === 0) return pass.changes;
  return branches.filter(({ state }) => state === 'planned').flatMap(({ group }) => group.changes);
}

function branchReports(branches: readonly GroupBranch[]): readonly BranchReport[] {
  const names = [...new Set(branches.map(({ branch }) => branch))];
  return names.flatMap((name) => {
    const ofName = branches.filter(({ branch }) => branch === name);
    const groups = ofName.map(({ group }) => group.name);
    return ofName.slice(0, 1).map(({ branch, state, commit, reason }) => ({
      branch,
      state,
      groups,
      ...(commit === undefined ? {} : { commit }),
      ...(reason === undefined ? {} : { reason }),
    }));
  });
}

/** Stays as it is for another reason than being the newest. */
function isHeld(decision: Decision): boolean {
  return decision.edits.length === 0 && decision.reason !== 'UpToDate';
}

function heldOf(decision: Decision): Held {
  const { at, resource } = decision.slot.fields[0];
  const { by, reason, until } = decision.lock ?? {};
  return {
    policy: decision.policy,
    path: at.path,
    line: at.line,
    ...(resource === undefined ? {} : { resource: formatResource(resource) }),
    reason: decision.reason,
    message: decision.message,
    ...(decision.current === undefined ? {} : { current: decision.current }),
    ...(decision.choice === undefined ? {} : { choice: decision.choice }),
    ...(decision.hold === undefined ? {} : { hold: decision.hold }),
    ...(decision.lock === undefined
      ? {}
      : {
          lock: {
            ...(by === undefined ? {} : { by }),
            ...(reason === undefined ? {} : { reason }),
            ...(until === undefined ? {} : { until }),
          },
        }),
  };
}

function policyReport(view: PolicyView, pass: PlannedPass): PolicyReport {
  const key = policyKey(view.policy);
  const decisions = pass.plan.decisions.filter((decision) => decision.policy === key);
  const { choice } = view;
  const waiting = waitingTags(view);
  const heldBack = heldBackOf(view.passedOver).slice(0, MAX_HELD_BACK);
  return {
    policy: key,
    image: view.policy.spec.image,
    state: choice.kind,
    ...(choice.kind === 'selected'
      ? { latest: choice.digest === undefined ? choice.tag : `${choice.tag}@${choice.digest}` }
      : {}),
    ...('message' in choice ? { message: choice.message } : {}),
    ...(waiting.length === 0 ? {} : { waiting }),
    ...(heldBack.length === 0
      ? {}
      : {
          heldBack: heldBack.map(({ tag, verdict: { reason, message } }) => ({
            tag,
            reason,
            message,
          })),
        }),
    locations: {
      total: decisions.length,
      changed: pass.changes.filter((change) => change.policy === key).length,
      held: decisions.filter(isHeld).length,
    },
  };
}

function waitingTags({ passedOver }: PolicyView): readonly WaitingTag[] {
  return waitingOf(passedOver)
    .slice(0, MAX_HELD_BACK)
    .map(({ tag, verdict: { reason, message, eligibleAt } }) => ({
      tag,
      reason,
      message,
      eligibleAt: toSeconds(eligibleAt),
    }));
}
