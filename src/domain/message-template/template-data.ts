import { oneLine } from '../foreign-text.ts';
import { groupBy } from '../group-by.ts';
import type { ResourceId } from '../manifest/image-field.ts';
import type { FieldChange, Change } from '../plan/update-plan.ts';
import { formatResource } from '../plan/update-plan.ts';
import type { TemplateMap, TemplateObject, Value } from './value.ts';

/** What a message may speak of besides the changes. */
export interface MessageContext {
  readonly automation: { readonly namespace: string; readonly name: string };
  /** `spec.commit.values`. */
  readonly values: Readonly<Record<string, string>>;
}

const GONE =
  '.Updated was Flux’s former data; use .Changed.FileChanges, .Changed.Objects or .Changed.Changes';

/** The data of a template: Flux's, with more for each change. */
export function templateData(changes: readonly Change[], context: MessageContext): TemplateObject {
  const steps = changes.flatMap((change) =>
    change.fields.map((field): Step => ({ change, field, value: changeObject(change, field) })),
  );
  const { namespace, name } = context.automation;
  const files = grouped(steps, ({ change }) => oneLine(change.path));
  return object(
    {
      AutomationObject: object({ Name: name, Namespace: namespace }, `${namespace}/${name}`),
      Changed: object(
        {
          FileChanges: map(files.map(([path, ofFile]) => [path, objectsOf(ofFile)])),
          Objects: objectsOf(steps),
          Changes: distinct(steps).map(({ value }) => value),
        },
        `${steps.length} changes`,
      ),
      Values: map(
        Object.entries(context.values)
          .toSorted(byKey)
          .map(([key, value]) => [key, value]),
      ),
    },
    'data',
    { Updated: GONE },
  );
}

/** The same step of many fields is one change to Flux; where they are is in `FileChanges` and `Objects`. */
function distinct(steps: readonly Step[]): readonly Step[] {
  const same = ({ change, field }: Step) =>
    JSON.stringify([field.from, field.to, change.policy, field.part]);
  return [...groupBy(steps, same).values()].map(([first]) => first);
}

interface Step {
  readonly change: Change;
  readonly field: FieldChange;
  readonly value: TemplateObject;
}

function objectsOf(steps: readonly Step[]): TemplateMap {
  const byObject = grouped(steps, ({ change }) => objectText(change));
  return map(
    byObject.map(([, ofObject]) => [
      objectIdentifier(ofObject[0].change),
      ofObject.map(({ value }) => value),
    ]),
  );
}

function changeObject(change: Change, field: FieldChange): TemplateObject {
  const { policy, image, from, to, locked } = change;
  const setter = policy.replace('/', ':') + (field.part === 'reference' ? '' : `:${field.part}`);
  return object(
    {
      OldValue: oneLine(field.from),
      NewValue: field.to,
      Setter: setter,
      File: oneLine(change.path),
      Line: field.line,
      Field: field.part,
      Object: objectIdentifier(change),
      Policy: policy,
      Image: image,
      OldTag: oneLine(from ?? ''),
      NewTag: to,
      Locked: locked,
    },
    `${oneLine(field.from)} -> ${field.to}`,
  );
}

function objectText(change: Change): string {
  const id = namedObject(change);
  return oneLine(id === undefined ? (change.object?.kind ?? '') : formatResource(id));
}

function namedObject({ object: id }: Change): ResourceId | undefined {
  return id !== undefined && 'name' in id ? id : undefined;
}

/** Values of a chart and the like belong to no object: all its parts are empty then, as in Flux. */
function objectIdentifier(change: Change): TemplateObject {
  const { apiVersion = '', kind = '' } = change.object ?? {};
  const { name = '', namespace = '' } = namedObject(change) ?? {};
  const fields = { Name: name, Namespace: namespace, APIVersion: apiVersion, Kind: kind };
  const safe = Object.entries(fields).map(([key, value]) => [key, oneLine(value)] as const);
  return object(Object.fromEntries(safe), objectText(change));
}

function object(
  fields: Readonly<Record<string, Value>>,
  text: string,
  hints: TemplateObject['hints'] = {},
): TemplateObject {
  return { kind: 'object', fields, text, hints };
}

function map(entries: TemplateMap['entries']): TemplateMap {
  return { kind: 'map', entries };
}

function grouped(steps: readonly Step[], keyOf: (step: Step) => string) {
  return [...groupBy(steps, keyOf)].toSorted(byKey);
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
