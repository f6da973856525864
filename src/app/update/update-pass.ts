import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import { AppError, findingOf, type Finding, type Location } from '../../domain/errors.ts';
import { applyFieldEdits } from '../../domain/manifest/edit-fields.ts';
import {
  decodeManifest,
  encodeManifest,
  MAX_MANIFEST_BYTES,
} from '../../domain/manifest/decode.ts';
import type { PolicyKey } from '../../domain/manifest/image-field.ts';
import { nextEligible } from '../../domain/gates/gate-verdict.ts';
import { lockedTags, nextExpiry } from '../../domain/plan/effective-lock.ts';
import { policyKey, type PolicyView } from '../../domain/plan/policy-view.ts';
import {
  changesOf,
  editsByPath,
  planUpdate,
  type Change,
  type UpdatePlan,
} from '../../domain/plan/update-plan.ts';
import {
  mergeResources,
  policiesOf,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import type { ParsedResources } from '../../domain/resources/parse-resources.ts';
import { earliest } from '../../domain/schedule.ts';
import type { FileSource, FileWrite, Person } from '../../ports.ts';
import {
  BY_NAME_ONLY,
  foreignPolicies,
  type CrossNamespace,
  type ForeignPolicies,
  type MarkedRepo,
} from '../access/foreign-policies.ts';
import { rejectInvalid } from '../read/invalid-resources.ts';
import type { ManifestReader } from '../read/manifest-reader.ts';
import { isInside } from '../read/repo-path.ts';
import type { PolicyViews } from '../scan/policy-views.ts';

/** What a pass works with; kept between passes, so that a further pass costs what changed. */
export interface PassContext {
  readonly reader: ManifestReader;
  readonly views: PolicyViews;
  readonly now: () => Date;
}

/** Author of commits for which no automation names one. */
export const DEFAULT_AUTHOR: Person = { name: 'Lockkeeper', email: 'lockkeeper@localhost' };

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
}

/** A pass over files. */
export interface PassInput extends PassRequest {
  readonly source: FileSource;
  /** Commit of the source: the same revision holds the same files. */
  readonly revision?: string;
}

/** Which fields a pass may touch. */
export interface UpdateScope {
  readonly strategy?: UpdateStrategy;
  /** Folders or files; none: everywhere. */
  readonly paths?: readonly string[];
}

/** A file's text before and after. */
export interface FileEdit {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** A planned pass: nothing has been written yet. */
export interface PlannedPass {
  readonly plan: UpdatePlan;
  /** Who commits are by. */
  readonly author: Person;
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  readonly changes: readonly Change[];
  /** Changed files, in path order; empty when there is nothing to do. */
  readonly edits: readonly FileEdit[];
  readonly findings: readonly Finding[];
  /** Policies of other namespaces that markers name, whether or not there are such. */
  readonly foreign: ReadonlySet<PolicyKey>;
  /** When a lock lifts or a tag has waited long enough: then the plan may change without anything else changing. */
  readonly nextExpiry?: Date;
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
  const { source, revision } = input;
  const read = (strategy: UpdateStrategy) =>
    context.reader.read(
      source,
      { strategy, ...(revision === undefined ? {} : { revision }) },
      signal,
    );
  const expected = expectedStrategy(input);
  const first = await read(expected);
  const resources = resourcesFor(input, first.resources);
  rejectInvalid(resources.findings);
  const automation = input.chooseAutomation(resources);
  const { strategy = 'Setters', paths = [] } = { ...automation?.spec.update, ...input.update };
  const contents = strategy === expected ? first : await read(strategy);
  const inScope = ({ at }: { at?: Location }) => at === undefined || isInside(at.path, paths);
  const fields = [...contents.files.values()].flatMap((file) => file.fields).filter(inScope);
  const known = input.inCluster ?? new Set(resources.policies.keys());
  const foreign = await foreignOf({ automation, fields, resources, known }, input, signal);
  const policies = [...applicable(resources, automation), ...foreign.granted];
  const views = await context.views.get(
    policies,
    lockedTags(fields, policies, context.now()),
    signal,
  );
  const byMarker = new Set(foreign.granted.map(policyKey));
  const plan = planUpdate({ fields, views, known, byMarker, now: context.now() });
  const edited = await editFiles(input.source, plan, signal);
  const expiry = earliest(
    nextExpiry(fields, policies, context.now()),
    ...[...views.values()].map(({ passedOver }) => nextEligible(passedOver)),
  );
  return {
    plan,
    author: automation?.spec.commit?.author ?? DEFAULT_AUTHOR,
    ...(expiry === undefined ? {} : { nextExpiry: expiry }),
    views,
    changes: changesOf(plan, views, edited.refused),
    edits: edited.edits,
    findings: [
      ...contents.findings.filter(inScope),
      ...foreign.findings,
      ...plan.findings,
      ...edited.findings,
      ...failedPolicies(views, resources),
      ...suspension(automation),
    ],
    foreign: foreign.named,
  };
}

/** The strategy as far as it is known before the source's own resources are: one reading then suffices. */
function expectedStrategy(request: PassRequest): UpdateStrategy {
  const { resources, chooseAutomation, update, inCluster } = request;
  const isComplete = resources.policies.size > 0 || inCluster !== undefined;
  const automation = isComplete ? chooseAutomation(resources) : undefined;
  return update?.strategy ?? automation?.spec.update?.strategy ?? 'Setters';
}

/**
 * Policies that were given are all there are: a repo may hold those of other clusters too. Only
 * without any do the source's own apply.
 */
function resourcesFor(
  { resources: given, inCluster }: PassRequest,
  found: readonly ParsedResources[],
): Resources {
  const isComplete = given.policies.size > 0 || inCluster !== undefined;
  return isComplete ? given : mergeResources(given, found);
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

function suspension(automation: ImageUpdateAutomation | undefined): readonly Finding[] {
  if (automation?.spec.suspend !== true) return [];
  const { namespace, name } = automation.metadata;
  const message = `ImageUpdateAutomation ${namespace}/${name} is suspended: nothing is updated`;
  return [{ severity: 'warning', code: 'automation/suspended', message }];
}

function failedPolicies(
  views: ReadonlyMap<PolicyKey, PolicyView>,
  { policies }: Resources,
): readonly Finding[] {
  return [...views].flatMap(([key, { choice }]) => {
    if (choice.kind !== 'failed') return [];
    const at = policies.get(key)?.at;
    const message = `ImagePolicy ${key}: ${choice.message}`;
    return [
      { severity: 'error', code: 'policy/failed', message, ...(at === undefined ? {} : { at }) },
    ];
  });
}

interface EditedFiles {
  readonly edits: readonly FileEdit[];
  readonly findings: readonly Finding[];
  readonly refused: ReadonlySet<string>;
}

/** Applies the plan's edits; a file whose edit cannot be proven is refused as a whole. */
async function editFiles(
  source: FileSource,
  plan: UpdatePlan,
  signal: AbortSignal,
): Promise<EditedFiles> {
  const edits = editsByPath(plan);
  if (edits.size === 0) return { edits: [], findings: [], refused: new Set() };
  const entries = [...edits.keys()].map((path) => ({ path, kind: 'file' as const }));
  const done: FileEdit[] = [];
  const findings: Finding[] = [];
  const refused = new Set<string>();
  for await (const { entry, bytes } of source.read(entries, MAX_MANIFEST_BYTES, signal)) {
    const ofFile = edits.get(entry.path) ?? [];
    try {
      if (bytes === undefined) {
        throw new AppError('file/too-large', 'the file grew while it was being edited');
      }
      const before = decodeManifest(entry.path, bytes);
      done.push({ path: entry.path, before, after: applyFieldEdits(entry.path, before, ofFile) });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refused.add(entry.path);
      findings.push(findingOf(error, error.at ?? { path: entry.path }));
    }
  }
  return { edits: done, findings, refused };
}

/** The new contents of edited files, as bytes. */
export function writesOf(edits: readonly FileEdit[]): readonly FileWrite[] {
  return edits.map(({ path, after }) => ({ path, bytes: encodeManifest(after) }));
}
