import { z } from 'zod';

/**
 * A Kubernetes structural schema: the part of OpenAPI v3 that a CustomResourceDefinition may use.
 * Members are in the order in which they are printed.
 */
export interface StructuralSchema {
  description?: string;
  type: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  enum?: readonly unknown[];
  default?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  items?: StructuralSchema;
  required?: readonly string[];
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-validations'?: readonly unknown[];
}

/** Keywords copied as they stand, in the order in which they are printed. */
const PLAIN_KEYWORDS = [
  'description',
  'type',
  'format',
  'enum',
  'default',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const;

/** What zod may say that Kubernetes refuses or has no use for. */
const DROPPED_KEYWORDS: ReadonlySet<string> = new Set(['$schema', 'propertyNames']);

/** Keywords whose values are schemas, or that are handled beside them. */
const NESTED_KEYWORDS: ReadonlySet<string> = new Set([
  'items',
  'required',
  'properties',
  'additionalProperties',
]);

/**
 * The structural schema of a zod schema, seen from the writer's side (defaulted fields are optional).
 * @throws Error when the zod schema uses what a CRD cannot say: a fault of ours, found by tests
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return clean(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }), '$');
}

function clean(node: object, at: string): StructuralSchema {
  const given = new Map<string, unknown>(Object.entries(node));
  rejectUnknownKeywords(given, at);
  // A date-time says it all; zod's pattern besides would only make `kubectl explain` unreadable.
  if (given.get('format') === 'date-time') given.delete('pattern');

  const result: Record<string, unknown> = {};
  for (const keyword of PLAIN_KEYWORDS) {
    if (given.has(keyword)) result[keyword] = given.get(keyword);
  }
  const items = given.get('items');
  if (isObject(items)) result['items'] = clean(items, `${at}[]`);
  const required = given.get('required');
  if (Array.isArray(required)) result['required'] = required;
  const properties = given.get('properties');
  // The server drops empty ones, and each `kubectl apply` would then find a difference.
  if (isObject(properties) && Object.keys(properties).length > 0) {
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        clean(property as object, `${at}.${name}`),
      ]),
    );
  }
  const additional = given.get('additionalProperties');
  if (isObject(additional)) result['additionalProperties'] = clean(additional, `${at}.*`);
  return result as unknown as StructuralSchema;
}

function rejectUnknownKeywords(given: ReadonlyMap<string, unknown>, at: string): void {
  for (const keyword of given.keys()) {
    const known =
      DROPPED_KEYWORDS.has(keyword) ||
      NESTED_KEYWORDS.has(keyword) ||
      (PLAIN_KEYWORDS as readonly string[]).includes(keyword);
    if (!known) throw new Error(`${at}: a CRD schema cannot have "${keyword}"`);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
