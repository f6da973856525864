import type { ImageUpdateAutomation, UpdateStrategy } from '../../api/image-update-automation.ts';
import type { ImagePolicy } from '../../api/image-policy.ts';
import type { Finding, Location } from '../../domain/errors.ts';
import type { ImageField, PolicyKey } from '../../domain/manifest/image-field.ts';
import {
  policiesOf,
  resourcesFor,
  type Resources,
} from '../../domain/resources/merge-resources.ts';
import { isInside } from '../../domain/repo-path.ts';
import {
  foreignPolicies,
  type ForeignPolicies,
  type MarkedRepo,
} from '../access/foreign-policies.ts';
import { BY_NAME_ONLY } from '../access/policy-grants.ts';
import { rejectInvalid } from '../read/invalid-resources.ts';
import type { PassContext, PassInput, PassRequest } from './pass-request.ts';

/** What a pass is about, once the source has been read. */
export interface PassSubject {
  readonly automation: ImageUpdateAutomation | undefined;
  readonly resources: Resources;
  /** Policies that exist, whether or not they apply. */
  readonly known: ReadonlySet<PolicyKey>;
  readonly foreign: ForeignPolicies;
  /** Those that apply. */
  readonly policies: readonly ImagePolicy[];
  readonly fields: readonly ImageField[];
  /** The same, also outside of its paths. */
  readonly everywhere: Pick<PassSubject, 'fields' | 'findings'>;
  readonly strategy: UpdateStrategy;
  readonly findings: readonly Finding[];
}

/** Reads the source: resources, fields, and which policies apply. @throws AppError `resource/invalid` when any resource is */
export async function readSubject(
  { reader }: Pick<PassContext, 'reader'>,
  input: PassInput,
  signal: AbortSignal,
): Promise<PassSubject> {
  const { source, revision } = input;
  const contentsFor = (strategy: UpdateStrategy) =>
    reader.read(source, { strategy, ...(revision === undefined ? {} : { revision }) }, signal);
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
  const all = [...contents.files.values()].flatMap((file) => file.fields);
  const fields = all.filter(inScope);
  const known = input.inCluster ?? new Set(resources.policies.keys());
  const foreign = await foreignOf({ automation, fields, resources, known }, input, signal);
  return {
    automation,
    resources,
    known,
    foreign,
    policies: [...applicable(resources, automation), ...foreign.granted],
    fields,
    everywhere: { fields: all, findings: contents.findings },
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
