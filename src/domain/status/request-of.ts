/** Annotation that asks for a run now; any new value is a new request. */
export const REQUEST_ANNOTATION = 'reconcile.lockkeeper.dev/requestedAt';

/** Longest request that status repeats. */
const MAX_REQUEST_CHARS = 256;

/** The request for a run that an object carries, as status answers it in `lastHandledReconcileAt`. */
export function requestOf(annotations: Readonly<Record<string, string>>): string | undefined {
  return annotations[REQUEST_ANNOTATION]?.slice(0, MAX_REQUEST_CHARS);
}

/** Does an object carry a request that its status does not answer yet? */
export function isRequested(
  annotations: Readonly<Record<string, string>>,
  { lastHandledReconcileAt }: { readonly lastHandledReconcileAt?: string | undefined },
): boolean {
  const request = requestOf(annotations);
  return request !== undefined && request !== lastHandledReconcileAt;
}
