import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding } from '../../domain/errors.ts';
import { nextEligible } from '../../domain/gates/gate-verdict.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { messageStyle, type MessageStyle } from '../../domain/message-template/template-message.ts';
import { groupDecisions, groupingOf, type ChangeGroup } from '../../domain/plan/change-groups.ts';
import type { Decision } from '../../domain/plan/decide-slot.ts';
import { lockedTags, nextExpiry } from '../../domain/plan/effective-lock.ts';
import { policyKey, type PolicyView } from '../../domain/plan/policy-view.ts';
import { changesOf, type Change, type UpdatePlan } from '../../domain/plan/update-plan.ts';
import { keepWaiting, mayWait, type Wait } from '../../domain/plan/waiting.ts';
import type { Resources } from '../../domain/resources/merge-resources.ts';
import { earliest } from '../../domain/schedule.ts';
import { closedWait, type WindowState } from '../../domain/write-windows.ts';
import type { FileSource } from '../../ports/files.ts';
import type { Person } from '../../ports/history.ts';
import { planWithHolds } from '../holds/plan-with-holds.ts';
import { lookAtRun } from '../promotion/sites-of-run.ts';
import type { PullRequestDesk } from '../pull-requests/pull-request-desk.ts';
import { authorOf } from './commit-author.ts';
import { editFiles, type FileEdit } from './edit-files.ts';
import { passFindings } from './pass-findings.ts';
import { holdRules, passDesk } from './pass-holds.ts';
import type { PassContext, PassInput } from './pass-request.ts';
import { passWindow } from './pass-window.ts';
import { readSubject } from './read-subject.ts';

/** What is so in a pass whether or not its changes wait. */
export interface PassFrame {
  /** Which automation says where and how to write, where there is one. */
  readonly automation: ImageUpdateAutomation | undefined;
  /** Who commits are by. */
  readonly author: Person;
  /** How commits are worded. */
  readonly style: MessageStyle;
  /** The author answers for the commit in a `Signed-off-by` line. */
  readonly signOff: boolean;
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  /** Policies of other namespaces that markers name, whether or not there are such. */
  readonly foreign: ReadonlySet<PolicyKey>;
  /** Policies that exist, whether or not they apply. */
  readonly known: ReadonlySet<PolicyKey>;
  /** The pull requests of the repo, where the automation opens some. */
  readonly desk: PullRequestDesk | undefined;
  /** State of the automation's windows; absent where it has none. */
  readonly window: WindowState | undefined;
  /** When a lock lifts, a tag has waited long enough, or a window opens or closes: the plan may be another then though nothing else is. */
  readonly nextChange: Date | undefined;
}

/** What a pass would write if nothing had to wait. */
export interface WishedPass {
  readonly frame: PassFrame;
  readonly plan: UpdatePlan;
  readonly now: Date;
  readonly source: FileSource;
  readonly resources: Resources;
  readonly isCluster: boolean;
  /** What is wrong about files and markers. */
  readonly findings: readonly Finding[];
}

/** A planned pass: nothing has been written yet. */
export interface PlannedPass extends PassFrame {
  readonly plan: UpdatePlan;
  /** What keeps changes waiting in it, where some do. */
  readonly wait: Wait | undefined;
  /** What is made together or not at all; empty when there is nothing to do. */
  readonly groups: readonly ChangeGroup[];
  /** Those of all groups, in path and file order. */
  readonly changes: readonly Change[];
  /** Changed files, all groups together, in path order. */
  readonly edits: readonly FileEdit[];
  readonly findings: readonly Finding[];
}

/** Which changes wait, and for what. */
export interface Waiting {
  readonly wait: Wait;
  readonly which: (decision: Decision) => boolean;
}

/**
 * The way through, up to the commit: read, scan, select, plan, edit.
 * @throws AppError `resource/invalid` when any resource is invalid: then nothing at all is done
 */
export async function planPass(
  context: PassContext,
  input: PassInput,
  signal: AbortSignal,
): Promise<PlannedPass> {
  const wished = await wishPass(context, input, signal);
  return editPass(wished, closedWindow(wished), signal);
}

/** The first part of the way: read, scan, select, plan. @throws AppError as {@link planPass} */
export async function wishPass(
  context: PassContext,
  input: PassInput,
  signal: AbortSignal,
): Promise<WishedPass> {
  const subject = await readSubject(context, input, signal);
  const { automation, resources, policies, fields, known, foreign, strategy } = subject;
  const locked = lockedTags(fields, policies, context.now());
  const byMarker = new Set(foreign.granted.map(policyKey));
  const { deployments } = context.views;
  const place = { ...input, now: context.now() };
  const told = await lookAtRun(deployments, { ...subject, byMarker }, place, signal);
  const views = await context.views.get(policies, locked, signal);
  const now = context.now();
  const window =
    input.ignoreWindows === true ? undefined : passWindow(automation, now, context.cron);
  const { source, revision: head, openPast, isLoginLent: isLent } = input;
  const desk = await passDesk(context.openDesk, { automation, head, isLent }, signal);
  const { holds: memory } = context;
  const rules = holdRules({ automation, strategy, memory, openPast, desk });
  const plan = await planWithHolds({ fields, views, known, byMarker, now }, rules, signal);
  const nextChange = earliest(
    nextExpiry(fields, policies, now),
    window?.nextChange,
    deployments.nextSoaked(now),
    ...[...views.values()].map(({ passedOver }) => nextEligible(passedOver)),
  );
  const style = messageStyle(automation);
  const found = { views, foreign: foreign.named, known, desk, window, nextChange };
  return {
    frame: { automation, ...authorOf(automation), style, ...found },
    plan,
    now,
    source,
    resources,
    isCluster: input.inCluster !== undefined,
    findings: [...subject.findings, ...told],
  };
}

/** What a closed window keeps waiting: all that may. */
export function closedWindow({ frame: { window } }: WishedPass): Waiting | undefined {
  return window?.open === false ? { wait: closedWait(window), which: mayWait } : undefined;
}

/** The last part of the way: the edits of all that does not wait. */
export async function editPass(
  { frame, plan: wishes, source, resources, isCluster, findings }: WishedPass,
  waiting: Waiting | undefined,
  signal: AbortSignal,
): Promise<PlannedPass> {
  const { automation, style, views } = frame;
  const plan = waiting === undefined ? wishes : keepWaiting(wishes, waiting.which, waiting.wait);
  const edited = await editFiles(source, plan.decisions, signal);
  const moving = plan.decisions.filter(({ slot }) => !edited.refused.has(slot.fields[0].at.path));
  const changes = changesOf(moving, views);
  return {
    ...frame,
    plan,
    wait: waiting?.wait,
    groups: groupDecisions(moving, views, groupingOf(automation)),
    changes,
    edits: edited.edits,
    findings: [
      ...findings,
      ...plan.findings,
      ...edited.findings,
      ...passFindings({ automation, resources, views, changes, style, isCluster }),
    ],
  };
}
