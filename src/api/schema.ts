import { z } from 'zod';

/**
 * Building blocks of the resource schemas. One zod schema gives the TypeScript type, the run-time
 * parser and the CRD. House limits, so that the CRD stays structural: no unions, no strict or loose
 * objects, explicit bounds on integers, and patterns that RE2 accepts too.
 */

/** One problem that a schema found in a value. */
export type SchemaIssue = z.core.$ZodIssue;

/** A CEL rule of a CRD: `x-kubernetes-validations` (Kubernetes API, CustomResourceDefinition). */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/**
 * Adds one cross-field rule to a schema of objects, for the API server (CEL) and for files (`check`)
 * alike, so that the two cannot drift apart unnoticed. `check` must bear fields that are missing or
 * of another type.
 */
export function rule<S extends z.ZodType>(
  schema: S,
  parts: {
    cel: string;
    message: string;
    check: (value: Partial<z.output<S>>) => boolean;
    /** What was found instead, for files; follows the message. */
    found?: (value: Partial<z.output<S>>) => string;
  },
): S {
  const before = (schema.meta()?.['x-kubernetes-validations'] ?? []) as readonly CelRule[];
  return schema
    .refine((value) => parts.check(value), {
      error: ({ input }) =>
        parts.found === undefined
          ? parts.message
          : `${parts.message}; found ${parts.found(input as Partial<z.output<S>>)}`,
      // Also beside other faults, so that a person sees all of them at once.
      when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value),
    })
    .meta({
      ...schema.meta(),
      'x-kubernetes-validations': [...before, { rule: parts.cel, message: parts.message }],
    });
}

/** "Exactly one of these members is set", as CEL and as a check. */
export function exactlyOneOf<S extends z.ZodType>(schema: S, keys: readonly string[]): S {
  const given = (value: unknown) =>
    keys.filter((key) => (value as Record<string, unknown>)[key] !== undefined);
  return rule(schema, {
    cel: `[${keys.map((key) => `has(self.${key})`).join(', ')}].exists_one(x, x)`,
    message: `exactly one of ${keys.join(', ')} must be set`,
    check: (value) => given(value).length === 1,
    found: (value) => given(value).join(', ') || 'none',
  });
}

/** A Go duration such as `5m` or `1h30m`, as Flux writes them; units ms, s, m, h. */
export function duration(description: string) {
  return z
    .string()
    .regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/, 'must be a duration such as 30s, 5m or 1h30m')
    .max(32)
    .describe(description);
}

/** A moment in RFC 3339, such as `2026-12-24T18:00:00Z`. */
export function moment(description: string) {
  return z.iso
    .datetime({
      offset: true,
      error: 'must be an RFC 3339 time with a zone, such as 2026-12-24T18:00:00Z',
    })
    .max(64)
    .describe(description);
}

/** Free names with text values, such as template values or push options. */
export function textMap(description: string) {
  return z
    .record(z.string().max(317), z.string().max(4096))
    .meta({ maxProperties: 64 })
    .describe(description);
}

/** The name of another object in the same namespace (a DNS-1123 subdomain). */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    'must be a Kubernetes object name (lower case, digits, "-" and ".")',
  );

/** Name of a namespace: a DNS-1123 label. */
export const namespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace');

/** A reference to an object of the same namespace. */
export function localReference(description: string) {
  return z
    .object({ name: objectName.describe('Name of the object, in the same namespace.') })
    .describe(description);
}

/** `metadata` of a resource: only what Lockkeeper reads. Everything else there is the API server's. */
export const metadataSchema = z.object({
  name: objectName,
  namespace: z.string().max(63).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** Metadata as a file has it, before defaults. */
export type Metadata = z.output<typeof metadataSchema>;

/** Identity and labels of a resource. `namespace` is `default` where a file names none. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A label selector, as `metav1.LabelSelector`. */
export const labelSelectorSchema = z.object({
  matchLabels: textMap('Labels that must have exactly these values.').optional(),
  matchExpressions: z
    .array(
      rule(
        z.object({
          key: z.string().min(1).max(317).describe('Label key.'),
          operator: z
            .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
            .describe('How the key relates to the values.'),
          values: z
            .array(z.string().max(63))
            .max(256)
            .optional()
            .describe('Values for In and NotIn.'),
        }),
        {
          cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
          message: 'In and NotIn need values; Exists and DoesNotExist have none',
          check: ({ operator, values = [] }) =>
            (operator === 'In' || operator === 'NotIn') === values.length > 0,
        },
      ),
    )
    .max(64)
    .optional()
    .describe('Expressions that must all hold.'),
});

export type LabelSelector = z.output<typeof labelSelectorSchema>;

/** `status.observedGeneration`. */
export const observedGeneration = z
  .int()
  .min(0)
  .meta({ format: 'int64' })
  .optional()
  .describe('Generation of the spec that this status is about.');

/** `status.lastHandledReconcileAt`, Flux's `reconcile.fluxcd.io/requestedAt` protocol. */
export const lastHandledReconcileAt = z
  .string()
  .max(256)
  .optional()
  .describe('Value of the last reconcile request that was acted upon.');
