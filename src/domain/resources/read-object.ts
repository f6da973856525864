import type { ImagePolicy } from '../../api/image-policy.ts';
import type { ImageReceiver } from '../../api/image-receiver.ts';
import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import type { Finding, Location } from '../errors.ts';
import { checkResource, type AnyResource, type ResourceKind } from './check-resource.ts';
import { formatFieldPath } from './field-path.ts';
import type { Loaded } from './parse-resources.ts';

/** As much of an object of an API server as says what it is. */
export interface RawObject {
  readonly kind: ResourceKind;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

/** An object that can be used, or all that is wrong with it. */
export type ReadObject =
  | { readonly kind: 'ImagePolicy'; readonly resource: Loaded<ImagePolicy> }
  | { readonly kind: 'ImageReceiver'; readonly resource: Loaded<ImageReceiver> }
  | { readonly kind: 'ImageUpdateAutomation'; readonly resource: Loaded<ImageUpdateAutomation> }
  | { readonly kind: 'invalid'; readonly findings: readonly [Finding, ...Finding[]] };

/**
 * Reads an object of an API server by the same rules as a resource of a file. The server checks most of
 * them itself; the rest no CRD can say, and objects may be older than the CRD that is installed now.
 */
export function readObject({ kind, namespace, name, labels, spec }: RawObject): ReadObject {
  const value = { metadata: { namespace, name, labels }, spec };
  const { resource, faults } = checkResource(kind, value, () => undefined);
  const at = { path: `${kind} ${namespace}/${name}` };
  if (resource !== undefined) return readable(resource, at);
  const [first, ...others] = faults.map(({ code, path, message }): Finding => ({
    severity: 'error',
    code,
    message: `${formatFieldPath(path)}: ${message}`,
  }));
  if (first === undefined) throw new Error(`${at.path} is neither valid nor at fault`);
  return { kind: 'invalid', findings: [first, ...others] };
}

function readable(resource: AnyResource, at: Location): ReadObject {
  switch (resource.kind) {
    case 'ImagePolicy':
      return { kind: resource.kind, resource: { ...resource, at } };
    case 'ImageReceiver':
      return { kind: resource.kind, resource: { ...resource, at } };
    case 'ImageUpdateAutomation':
      return { kind: resource.kind, resource: { ...resource, at } };
  }
}
