import type { ClusterContext } from './context.ts';
import { rawObject } from './raw-object.ts';
import { NAMESPACES, type Resource } from './resource.ts';

/** Any object of the cluster, such as a Flux GitRepository, a ServiceAccount or a Namespace. */
export interface AnyRef {
  readonly resource: Resource;
  /** Absent where the resource has none. */
  readonly namespace?: string;
  readonly name: string;
}

/** Reads one object. @returns its JSON, or undefined when there is none (or no such kind) */
export async function getObject(
  { client, timing }: ClusterContext,
  ref: AnyRef,
  signal: AbortSignal,
): Promise<unknown> {
  const options = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status, body } = await client.call({ verb: 'get', ...ref }, options);
  return status === 404 ? undefined : body;
}

/** Labels of a namespace, or undefined when there is no such namespace. */
export async function namespaceLabels(
  context: ClusterContext,
  name: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await getObject(context, { resource: NAMESPACES, name }, signal);
  return found === undefined ? undefined : (rawObject(found).metadata.labels ?? {});
}

/** Sets annotations and leaves everything else as it is. */
export async function annotateObject(
  { client, timing }: ClusterContext,
  update: { readonly ref: AnyRef; readonly annotations: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<'written' | 'gone'> {
  const request = {
    verb: 'patch',
    ...update.ref,
    query: { fieldManager: 'lockkeeper' },
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: update.annotations } },
  } as const;
  const options = { signal, timeoutMs: timing.requestMs, expect: [404] };
  const { status } = await client.call(request, options);
  return status === 404 ? 'gone' : 'written';
}
