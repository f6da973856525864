import type {
  ClusterObject,
  ObjectKind,
  ObjectListener,
  ObjectScope,
} from '../../ports/cluster.ts';
import type { ClusterContext } from './context.ts';
import { listObjects, type Selection } from './list-objects.ts';
import { ObjectFollower } from './object-follower.ts';
import { clusterObject } from './raw-object.ts';
import { resourceOf } from './resource.ts';

/** Follows one of our kinds in all namespaces of a scope. @see Cluster.follow */
export async function followObjects(
  context: ClusterContext,
  { kind, scope }: { readonly kind: ObjectKind; readonly scope: ObjectScope },
  listener: ObjectListener,
  signal: AbortSignal,
): Promise<void> {
  const selections = selectionsOf(kind, scope);
  let toSync = selections.length;
  const followers = selections.map(
    (selection) =>
      new ObjectFollower(context, selection, {
        changed: (raw) => listener.changed(clusterObject(kind, raw)),
        removed: ({ namespace, name }) => listener.removed({ kind, namespace, name }),
        synced() {
          toSync -= 1;
          if (toSync === 0) listener.synced();
        },
      }),
  );
  await Promise.all(followers.map((follower) => follower.run(signal)));
}

/** All objects of a scope, once. */
export async function listAll(
  context: ClusterContext,
  { kind, scope }: { readonly kind: ObjectKind; readonly scope: ObjectScope },
  signal: AbortSignal,
): Promise<readonly ClusterObject[]> {
  const objects = new Map<string, ClusterObject>();
  for (const selection of selectionsOf(kind, scope)) {
    await listObjects(
      context,
      selection,
      (raw) => objects.set(raw.metadata.uid, clusterObject(kind, raw)),
      signal,
    );
  }
  return [...objects.values()];
}

/** One per namespace, so that a Role in each of them is enough. */
function selectionsOf(kind: ObjectKind, scope: ObjectScope): readonly Selection[] {
  const { namespaces, labelSelector } = scope;
  const common = {
    resource: resourceOf(kind),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
  if (namespaces.length === 0) return [common];
  return [...new Set(namespaces)].map((namespace) => ({ ...common, namespace }));
}
