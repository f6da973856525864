import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { ClusterObject, ObjectKind } from '../../ports/cluster.ts';

const Metadata = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().default(0),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});

const RawObject = z.looseObject({ metadata: Metadata });

/** Any object of the API server: the metadata that is read here, and the rest as it came. */
export type RawObject = z.output<typeof RawObject>;

const ListPage = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  // A Go server writes an empty list as null.
  items: z.array(z.unknown()).nullable(),
});

const Bookmark = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** @throws AppError `cluster/invalid` when it is no object */
export function rawObject(body: unknown): RawObject {
  return read(RawObject, body, 'an object');
}

/** @throws AppError `cluster/invalid` when it is no list */
export function listPage(body: unknown): z.output<typeof ListPage> {
  return read(ListPage, body, 'a list');
}

/** Where a watch stands after an event. @throws AppError `cluster/invalid` when the event does not say */
export function bookmark(body: unknown): string {
  return read(Bookmark, body, 'a watch event').metadata.resourceVersion;
}

/** An object of ours, as the port has it. */
export function clusterObject(kind: ObjectKind, raw: RawObject): ClusterObject {
  const { namespace, name, uid, resourceVersion, generation, labels, annotations } = raw.metadata;
  return {
    ref: { kind, namespace, name },
    uid,
    resourceVersion,
    generation,
    labels: labels ?? {},
    annotations: annotations ?? {},
    spec: raw['spec'],
    status: raw['status'],
  };
}

function read<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const text = `the API server answered with something that is not ${what}`;
  throw new AppError('cluster/invalid', text, { retry: true, cause: result.error });
}
