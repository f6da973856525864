import type { ImagePolicy } from '../../api/image-policy.ts';
import { matchesSelector } from './label-selector.ts';

/** Labels of a namespace. */
export type Labels = Readonly<Record<string, string>>;

/** The label that the API server gives every namespace, with its name as value, and lets nobody change. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** What is said where a policy grants a namespace nothing. @param policy `namespace/name` */
export function noAccessText(policy: string, namespace: string): string {
  return `ImagePolicy ${policy} exists, but grants namespace ${namespace} no access; add that namespace to its spec.accessFrom`;
}

/** A namespace, as far as it is known. */
export interface KnownNamespace {
  readonly name: string;
  /** Absent: only its name is known. */
  readonly labels?: Labels;
}

/** May automations and policies of a namespace use a policy? `unknown`: that depends on labels that are not known. */
export type Access = 'granted' | 'denied' | 'unknown';

/**
 * Whether a policy lets those of another namespace use it (`spec.accessFrom`): one of its
 * selectors must match the namespace's labels. Without any, nobody but its own namespace may.
 */
export function accessTo({ spec: { accessFrom } }: ImagePolicy, namespace: KnownNamespace): Access {
  const selectors = (accessFrom?.namespaceSelectors ?? []).map(
    ({ matchLabels = {} }) => matchLabels,
  );
  const name = { [NAME_LABEL]: namespace.name };
  const labels = { ...namespace.labels, ...name };
  if (selectors.some((matchLabels) => matchesSelector(labels, { matchLabels }))) return 'granted';
  if (namespace.labels !== undefined) return 'denied';
  // A selector that asks for another name is settled, whatever else it asks for.
  const isOpen = (matchLabels: Labels) =>
    Object.entries(matchLabels).every(
      ([key, value]) => key !== NAME_LABEL || value === namespace.name,
    );
  return selectors.some(isOpen) ? 'unknown' : 'denied';
}
