import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import type { Finding, Location } from '../../domain/errors.ts';
import { nextEligible } from '../../domain/gates/gate-verdict.ts';
import type { ImageField, PolicyKey } from '../../domain/manifest/image-field.ts';
import { messageStyle, type MessageStyle } from '../../domain/message-template/template-message.ts';
import { lockedTags, nextExpiry } from '../../domain/plan/effective-lock.ts';
import { policyKey, type PolicyView } from '../../domain/plan/policy-view.ts';
import { groupDecisions, groupingOf, type ChangeGroup } from '../../domain/plan/change-groups.ts';
import { changesOf, type Change, type UpdatePlan } from '../../domain/plan/update-plan.ts';
import {
  policiesOf,
  resourcesFor,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import { isInside } from '../../domain/repo-path.ts';
import { earliest } from '../../domain/schedule.ts';
import { closedText, type WindowState } from '../../domain/write-windows.ts';
import type { CommitSigner } from '../../ports/signing.ts';
import type { CronTimes, FileSource, Person } from '../../ports/ports.ts';
import type { CommitSigners } from '../access/commit-signer.ts';
import {
  foreignPolicies,
  type ForeignPolicies,
  type MarkedRepo,
} from '../access/foreign-policies.ts';
import { BY_NAME_ONLY, type CrossNamespace } from '../access/policy-grants.ts';
import type { HoldMemory } from '../holds/hold-memory.ts';
import type { History } from '../read/slots-in-history.ts';
import { planWithHolds } from '../holds/plan-with-holds.ts';
import { lookAtSite } from '../promotion/look-at-site.ts';
import type { DeskOpener, PullRequestDesk } from '../pull-requests/pull-request-desk.ts';
import { rejectInvalid } from '../read/invalid-resources.ts';
import type { ManifestReader } from '../read/manifest-reader.ts';
import type { PolicyViews } from '../scan/policy-views.ts';
import { authorOf } from './commit-author.ts';
import { editFiles, type FileEdit } from './edit-files.ts';
import { holdRules, passDesk } from './pass-holds.ts';
import { passFindings } from './pass-findings.ts';
import { passWindow } from './pass-window.ts';

/** What a pass works with; kept between passes, so that a further pass costs what changed. */
export interface PassContext {
  readonly reader: ManifestReader;
  readonly views: PolicyViews;
  readonly now: () => Date;
  readonly cron: CronTimes;
  readonly holds: HoldMemory;
  readonly signerOf: CommitSigners;
  /** Where pull requests can be opened: on a remote branch. */
  readonly openDesk?: DeskOpener;
}

/** What one pass is about, whatever it works on. */
export interface PassRequest {
  /** Resources from elsewhere (`--policies`, `--config`); with policies among them, those in the source do not count. */
  readonly resources: Resources;
  /**
   * Policies of a cluster, usable or not. With it, the given resources are all there are, even where
   * that is none: what lies in the repo counts once it is applied, and not before.
   */
  readonly inCluster?: ReadonlySet<PolicyKey>;
  /**
   * Which automation says where and how to write, of all that there are. Without one, every policy
   * applies, everywhere.
   */
  readonly chooseAutomation: (resources: Resources) => ImageUpdateAutomation | undefined;
  /** Wins over `spec.update` of the automation. */
  readonly update?: UpdateScope;
  /** Default: other namespaces are known by name alone. */
  readonly crossNamespace?: CrossNamespace;
  /** The login of the repo is another namespace's; see `forge-access.ts`. */
  readonly isLoginLent?: boolean;
  /** A person asks: `spec.windows` of the automation do not count. */
  readonly ignoreWindows?: boolean;
}

/** A pass over files. */
export interface PassInput extends PassRequest {
  readonly source: FileSource;
  /** Commit of the source: the same revision holds the same files. */
  readonly revision?: string;
  /** Names the repo and branch of the source; absent for a folder. */
  readonly place?: string;
  /** Where the source has a history: what persons took back in it is left alone. */
  readonly history?: History;
}

/** Which fields a pass may touch. */
export interface UpdateScope {
  readonly strategy?: UpdateStrategy;
  /** Folders or files; none: everywhere. */
  readonly paths?: readonly string[];
}

/** A planned pass: nothing has been written yet. */
export interface PlannedPass {
  readonly plan: UpdatePlan;
  /** Which automation says where and how to write, where there is one. */
  readonly automation: ImageUpdateAutomation | undefined;
  /** Who commits are by. */
  readonly author: Person;
  /** How commits are worded. */
  readonly style: MessageStyle;
  /** The author answers for the commit in a `Signed-off-by` line. */
  readonly signOff: boolean;
  readonly signer: CommitSigner | undefined;
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  /** What is made together or not at all; empty when there is nothing to do. */
  readonly groups: readonly ChangeGroup[];
  /** Those of all groups, in path and file order. */
  readonly changes: readonly Change[];
  /** Changed files, all groups together, in path order. */
  readonly edits: readonly FileEdit[];
  readonly findings: readonly Finding[];
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

/**
 * The way through, up to the commit: read, scan, select, plan, edit.
 * @throws AppError `resource/invalid` when any resource is invalid: then nothing at all is done
 */
export async function planPass(
  context: PassContext,
  input: PassInput,
  signal: AbortSignal,
): Promise<PlannedPass> {
  const subject = await read(context, input, signal);
  const { automation, resources, policies, fields, known, foreign } = subject;
  const signer = await context.signerOf(automation, signal);
  const locked = lockedTags(fields, policies, context.now());
  const byMarker = new Set(foreign.granted.map(policyKey));
  const { deployments } = context.views;
  await lookAtSite(deployments, { ...subject, byMarker }, { ...input, now: context.now() }, signal);
  const views = await context.views.get(policies, locked, signal);
  const now = context.now();
  const window =
    input.ignoreWindows === true ? undefined : passWindow(automation, now, context.cron);
  const closed = window?.open === false ? { closed: closedText(window) } : {};
  const wishes = { fields, views, known, byMarker, now, ...closed };
  const { revision: head, history, isLoginLent: isLent } = input;
  const desk = await passDesk(context.openDesk, { automation, head, isLent }, signal);
  const { strategy } = subject;
  const { holds: memory } = context;
  const rules = holdRules({ automation, strategy, memory, history, head, desk });
  const plan = await planWithHolds(wishes, rules, signal);
  const edited = await editFiles(input.source, plan.decisions, signal);
  const moving = plan.decisions.filter(({ slot }) => !edited.refused.has(slot.fields[0].at.path));
  const changes = changesOf(moving, views);
  const style = messageStyle(automation);
  const isCluster = input.inCluster !== undefined;
  const nextChange = earliest(
    nextExpiry(fields, policies, now),
    window?.nextChange,
    deployments.nextSoaked(now),
    ...[...views.values()].map(({ passedOver }) => nextEligible(passedOver)),
  );
  return {
    plan,
    automation,
    ...authorOf(automation),
    signer,
    style,
    window,
    nextChange,
    views,
    groups: groupDecisions(moving, views, groupingOf(automation)),
    changes,
    edits: edited.edits,
    findings: [
      ...subject.findings,
      ...plan.findings,
      ...edited.findings,
      ...passFindings({ automation, resources, views, changes, style, isCluster }),
    ],
    foreign: foreign.named,
    known,
    desk,
  };
}

/** What a pass is about, once the source has been read. */
interface PassSubject {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly resources: Resources;
  /** Policies that exist, whether or not they apply. */
  readonly known: ReadonlySet<PolicyKey>;
  readonly foreign: ForeignPolicies;
  /** Those that apply. */
  readonly policies: readonly ImagePolicy[];
  readonly fields: readonly ImageField[];
  readonly strategy: UpdateStrategy;
  readonly findings: readonly Finding[];
}

async function read(
  context: PassContext,
  input: PassInput,
  signal: AbortSignal,
): Promise<PassSubject> {
  const { source, revision } = input;
  const contentsFor = (strategy: UpdateStrategy) =>
    context.reader.read(
      source,
      { strategy, ...(revision === undefined ? {} : { revision }) },
      signal,
    );
  const expected = expectedStrategy(input);
  const first = await contentsFor(expected);
  const resources =
    input.inCluster === undefined
      ? resourcesFor(input.resources, first.resources)
      : input.resources;
  rejectInvalid(resources.findings);
  const automation = input.chooseAutomation(resources);
  const { strategy = 'Setters', paths = [] } = { ...automation?.spec.update, ...input.update };
  const contents = strategy === expected ? first : await contentsFor(strategy);
  const inScope = ({ at }: { at?: Location }) => at === undefined || isInside(at.path, paths);
  const fields = [...contents.files.values()].flatMap((file) => file.fields).filter(inScope);
  const known = input.inCluster ?? new Set(resources.policies.keys());
  const foreign = await foreignOf({ automation, fields, resources, known }, input, signal);
  return {
    automation,
    resources,
    known,
    foreign,
    policies: [...applicable(resources, automation), ...foreign.granted],
    fields,
    strategy,
    findings: [...contents.findings.filter(inScope), ...foreign.findings],
  };
}

/** The strategy as far as it is known before the source's own resources are: one reading then suffices. */
function expectedStrategy(request: PassRequest): UpdateStrategy {
  const { resources, chooseAutomation, update, inCluster } = request;
  const isComplete = resources.policies.size > 0 || inCluster !== undefined;
  const automation = isComplete ? chooseAutomation(resources) : undefined;
  return update?.strategy ?? automation?.spec.update?.strategy ?? 'Setters';
}

function applicable(
  resources: Resources,
  automation: ImageUpdateAutomation | undefined,
): readonly ImagePolicy[] {
  if (automation === undefined) return [...resources.policies.values()];
  return automation.spec.suspend ? [] : policiesOf(automation, resources);
}

/** Without an automation every policy applies, and while it is suspended none does. */
async function foreignOf(
  repo: Omit<MarkedRepo, 'automation'> & {
    readonly automation: MarkedRepo['automation'] | undefined;
  },
  { crossNamespace = BY_NAME_ONLY }: PassRequest,
  signal: AbortSignal,
): Promise<ForeignPolicies> {
  const { automation } = repo;
  if (automation === undefined || automation.spec.suspend) {
    return { granted: [], named: new Set(), findings: [] };
  }
  return foreignPolicies({ ...repo, automation }, crossNamespace, signal);
}
