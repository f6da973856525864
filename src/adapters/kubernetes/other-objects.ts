import type { ForeignObject, ForeignRef } from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import { rawObject } from './raw-object.ts';
import { foreignResource, NAMESPACES, type Resource } from './resource.ts';

/** Labels of a namespace. @see Cluster.namespaceLabels */
export async function namespaceLabels(
  context: ClusterContext,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await getObject(context, { resource: NAMESPACES, name }, signal);
  return found === undefined ? undefined : (rawObject(found).metadata.labels ?? {});
}

/** An object of another product. @see Cluster.readObject */
export async function readObject(
  context: ClusterContext,
  { kind, namespace, name }: ForeignRef,
  signal: AbortSignal,
): Promise<ForeignObject | undefined> {
  const place = { resource: foreignResource(kind), namespace, name };
  const found = await getObject(context, place, signal);
  if (found === undefined) return undefined;
  const raw = rawObject(found);
  return { annotations: raw.metadata.annotations ?? {}, spec: raw['spec'] };
}

/** Sets annotations. @see Cluster.annotate */
export async function annotate(
  { client, timing }: ClusterContext,
  { kind, namespace, name }: ForeignRef,
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<'written' | 'gone'> {
  const request = {
    verb: 'patch',
    resource: foreignResource(kind),
    namespace,
    name,
    query: { fieldManager: 'lockkeeper' },
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations } },
  } as const;
  const options = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status } = await client.call(request, options);
  return status === 404 ? 'gone' : 'written';
}

interface Place {
  readonly resource: Resource;
  /** Absent where the resource has none. */
  readonly namespace?: string;
  readonly name: string;
}

/** Reads one object. @returns its JSON, or undefined when there is none (or no such kind) */
async function getObject(
  { client, timing }: ClusterContext,
  place: Place,
  signal: AbortSignal,
): Promise<unknown> {
  const options = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status, body } = await client.call({ verb: 'get', ...place }, options);
  return status === 404 ? undefined : body;
}
