import { valueAt, type FieldPath } from './field-path.ts';
import type { Fault } from './fault.ts';

/** A field that the schema has and that nothing acts on yet. */
interface UnbuiltField {
  readonly path: FieldPath;
  /** Values that mean what is built anyway; without it any value is refused. */
  readonly isBuilt?: (value: unknown) => boolean;
}

const isGeneric = (value: unknown) => value === 'generic';

/** Fields that are to come. One goes from here with the commit that builds it. */
const UNBUILT: Readonly<Record<string, readonly UnbuiltField[]>> = {
  ImagePolicy: [{ path: ['promoteFrom'] }],
  ImageUpdateAutomation: [
    { path: ['git', 'provider'], isBuilt: isGeneric },
    { path: ['push', 'refspec'] },
    { path: ['pullRequest'] },
  ],
};

/** Paths of the fields of a kind that are to come, for the documentation's test. */
export function unbuiltFields(kind: string): readonly FieldPath[] {
  return (UNBUILT[kind] ?? []).map(({ path }) => path);
}

/**
 * Fields that are given and that nothing acts on yet. They are refused: a gate that a person believes
 * in must not be open.
 * @param spec as it was written, without defaults
 */
export function notSupportedYet(kind: string, spec: unknown): readonly Fault[] {
  return (UNBUILT[kind] ?? []).flatMap(({ path, isBuilt }) => {
    const value = valueAt(spec, path);
    if (value === undefined || value === null || isBuilt?.(value) === true) return [];
    const message =
      isBuilt !== undefined && typeof value === 'string'
        ? `${JSON.stringify(value)} is not supported yet`
        : 'not supported yet';
    return [{ code: 'resource/not-supported', path: ['spec', ...path], message, onKey: true }];
  });
}
