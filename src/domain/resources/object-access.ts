import { AppError } from '../errors.ts';

/**
 * Annotation by which the owner of an object of another product (a Flux GitRepository, say) lets automations of other
 * namespaces refer to it: their names, with commas between them, or `*` for all.
 */
export const ACCESS_ANNOTATION = 'lockkeeper.dev/access-from';

/** An object that an automation refers to. */
export interface ReferredObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `GitRepository flux-system/config`. */
export function describeObject({ kind, namespace, name }: ReferredObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** Checks that references may leave the namespace at all. @throws AppError `access/denied` */
export function checkCrossNamespace(object: ReferredObject, isAllowed: boolean): void {
  if (isAllowed) return;
  throw new AppError(
    'access/denied',
    `${describeObject(object)} is in another namespace, and references to those are switched off (--no-cross-namespace-refs)`,
  );
}

/**
 * Checks that an object may be referred to from another namespace.
 * @throws AppError `access/denied`, which says what its owner would have to write
 */
export function checkAccess(
  object: ReferredObject,
  annotations: Readonly<Record<string, string>>,
  from: string,
): void {
  const granted = (annotations[ACCESS_ANNOTATION] ?? '').split(',').map((name) => name.trim());
  if (granted.includes('*') || granted.includes(from)) return;
  throw new AppError(
    'access/denied',
    `${describeObject(object)} grants namespace ${from} no access; its owner can annotate it with ${ACCESS_ANNOTATION}: ${from}`,
  );
}
