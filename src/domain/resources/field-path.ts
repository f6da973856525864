/** Keys and indexes from a resource's root to a field. */
export type FieldPath = readonly (string | number)[];

/** Longest name that is shown whole: what a person mistyped is short, what is longer is hostile. */
const MAX_NAME_CHARS = 80;

/** A field path for people: `spec.filterTags.exclude[1]`, `metadata.labels["app.io/team"]`. */
export function formatFieldPath(path: FieldPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = step.length > MAX_NAME_CHARS ? `${step.slice(0, MAX_NAME_CHARS)}…` : step;
      if (!/^[A-Za-z_$][\w$-]*…?$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}

/** The value at a path of a plain value; undefined where there is none. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    root,
  );
}
