import type { StructuralSchema } from '../../api/structural-schema.ts';
import type { FieldPath } from './field-path.ts';
import type { Fault } from './fault.ts';
import { fluxFieldMend } from './flux-fields.ts';
import { suggestion } from './suggestion.ts';

/**
 * Fields that the schema does not have. A Kubernetes API server would drop them in silence; a person
 * who wrote one believes that it works.
 */
export function unknownFields(
  schema: StructuralSchema,
  value: unknown,
  path: FieldPath,
): readonly Fault[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((item, index) => unknownFields(items, item, [...path, index]));
  }
  const { properties } = schema;
  if (typeof value !== 'object' || value === null || properties === undefined) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const at = [...path, key];
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) return unknownFields(property, member, at);
    const mend = fluxFieldMend(at) ?? nearest(key, Object.keys(properties)) ?? 'remove it';
    return [{ code: 'resource/invalid', path: at, message: `unknown field; ${mend}`, onKey: true }];
  });
}

function nearest(key: string, known: readonly string[]): string | undefined {
  const meant = suggestion(key, known);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}
