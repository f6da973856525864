import { valueAt, type FieldPath } from './field-path.ts';
import type { Fault } from './fault.ts';

/** Fields that the schema has and that nothing acts on yet. One goes from here with the commit that builds it. */
const UNBUILT: Readonly<Record<string, readonly FieldPath[]>> = {
  ImageUpdateAutomation: [['pullRequest']],
};

/** Paths of the fields of a kind that are to come, for the documentation's test. */
export function unbuiltFields(kind: string): readonly FieldPath[] {
  return UNBUILT[kind] ?? [];
}

/**
 * Fields that are given and that nothing acts on yet. They are refused: a gate that a person believes
 * in must not be open.
 * @param spec as it was written, without defaults
 */
export function notSupportedYet(kind: string, spec: unknown): readonly Fault[] {
  return unbuiltFields(kind).flatMap((path) => {
    const value = valueAt(spec, path);
    if (value === undefined || value === null) return [];
    const code = 'resource/not-supported';
    return [{ code, path: ['spec', ...path], message: 'not supported yet', onKey: true }];
  });
}
