import type { Finding } from '../errors.ts';
import type {
  FieldEdit,
  FieldPart,
  ImageField,
  PolicyKey,
  ResourceId,
  ResourceType,
} from '../manifest/image-field.ts';
import { decideSlot, type Decision, type Situation } from './decide-slot.ts';
import { assignFields } from './image-slot.ts';
import { writtenName, type PolicyView } from './policy-view.ts';

/** What planning looks at: plain values, no clock and no files. */
export interface PlanInput extends Situation {
  /** Fields of all files, in path and file order. */
  readonly fields: readonly ImageField[];
  /** Policies that apply, with what their registries said. */
  readonly views: ReadonlyMap<PolicyKey, PolicyView>;
  /** Policies that exist, whether or not they apply here: markers may name them. */
  readonly known: ReadonlySet<PolicyKey>;
  /** Policies among them that own marked fields only: those of other namespaces. */
  readonly byMarker?: ReadonlySet<PolicyKey>;
}

/** What should happen to every location, and why. Printable as JSON. */
export interface UpdatePlan {
  /** In path and file order. */
  readonly decisions: readonly Decision[];
  readonly findings: readonly Finding[];
}

/** One image in one place that moves: what commit messages, reports and audits speak of. */
export interface Change {
  readonly policy: PolicyKey;
  /** Repository name that is written. */
  readonly image: string;
  /** Tag, or tag@digest, that the location held; absent when it held none. */
  readonly from?: string;
  readonly to: string;
  readonly path: string;
  readonly line: number;
  /** `Deployment apps/podinfo`, where the location belongs to a resource. */
  readonly resource?: string;
  /** What the location belongs to, also where that has no name. */
  readonly object?: ResourceId | ResourceType;
  readonly locked: boolean;
  /** The scalars that change: one, or those of name, tag and digest. */
  readonly fields: readonly FieldChange[];
}

/** One scalar that changes. */
export interface FieldChange {
  readonly part: FieldPart;
  readonly line: number;
  /** Values as they load. */
  readonly from: string;
  readonly to: string;
}

/** Plans one pass over a repo or folder. */
export function planUpdate(input: PlanInput): UpdatePlan {
  const { slots, findings } = assignFields(input.fields, input.views, input.known, input.byMarker);
  const decisions = slots.map((slot) => {
    const view = input.views.get(slot.policy);
    if (view === undefined) throw new Error(`no view of policy ${slot.policy}`);
    return decideSlot(slot, view, input);
  });
  return {
    decisions,
    findings: [
      ...findings,
      ...decisions.flatMap(({ finding }) => (finding === undefined ? [] : [finding])),
    ],
  };
}

/** The edits of decisions by file, in path order. */
export function editsByPath(
  decisions: readonly Decision[],
): ReadonlyMap<string, readonly FieldEdit[]> {
  const result = new Map<string, FieldEdit[]>();
  for (const edit of decisions.flatMap(({ edits }) => edits)) {
    const edits = result.get(edit.field.at.path);
    if (edits === undefined) result.set(edit.field.at.path, [edit]);
    else edits.push(edit);
  }
  return result;
}

/** The changes that decisions make, in path and file order. */
export function changesOf(
  decisions: readonly Decision[],
  views: ReadonlyMap<PolicyKey, PolicyView>,
): readonly Change[] {
  return decisions.flatMap((decision) => {
    const view = views.get(decision.policy);
    const { at, resource, unnamed } = decision.slot.fields[0];
    const object = resource ?? unnamed;
    if (decision.target === undefined || view === undefined) return [];
    return [
      {
        policy: decision.policy,
        image: writtenName(view.policy),
        ...(decision.current === undefined ? {} : { from: decision.current }),
        to: decision.target,
        path: at.path,
        line: at.line,
        ...(resource === undefined ? {} : { resource: formatResource(resource) }),
        ...(object === undefined ? {} : { object }),
        locked: decision.lock !== undefined,
        fields: decision.edits.map(({ field, value }) => ({
          part: field.part,
          line: field.at.line,
          from: field.value,
          to: value,
        })),
      },
    ];
  });
}

/** `Kind namespace/name`, or `Kind name` where the document names no namespace. */
export function formatResource(resource: ResourceId): string {
  const name =
    resource.namespace === undefined ? resource.name : `${resource.namespace}/${resource.name}`;
  return `${resource.kind} ${name}`;
}
