import type { ForeignKind, ObjectKind } from '../../ports/cluster.ts';
import { GROUP, VERSION } from '../../api/crd.ts';

/** A kind of object, by its place in the API. `group` is empty for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** What one request does, in the words of RBAC. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch';

/** One request to the API server. */
export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  /** Absent: all namespaces, or the resource has none. */
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: 'status';
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces' };
export const SERVICE_ACCOUNTS: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
};
export const EVENTS: Resource = { group: '', version: 'v1', plural: 'events' };
export const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

const PLURALS: Readonly<Record<ObjectKind, string>> = {
  ImagePolicy: 'imagepolicies',
  ImageReceiver: 'imagereceivers',
  ImageUpdateAutomation: 'imageupdateautomations',
};

/** Where the kinds of other products are, by the newest version that each has long served. */
const FOREIGN: Readonly<Record<ForeignKind, Resource>> = {
  GitRepository: { group: 'source.toolkit.fluxcd.io', version: 'v1', plural: 'gitrepositories' },
  Kustomization: { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations' },
  HelmRelease: { group: 'helm.toolkit.fluxcd.io', version: 'v2', plural: 'helmreleases' },
  Application: { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications' },
};

/** The resource that holds the objects of a kind of another product. */
export function foreignResource(kind: ForeignKind): Resource {
  return FOREIGN[kind];
}

/** The resource that holds the objects of one of our kinds. */
export function resourceOf(kind: ObjectKind): Resource {
  return { group: GROUP, version: VERSION, plural: PLURALS[kind] };
}

/** Path and query of a request. Names are encoded, so none can reach another path. */
export function pathOf(request: ApiRequest): string {
  const { resource, namespace, name, subresource } = request;
  const root = resource.group === '' ? '/api' : `/apis/${encodeURIComponent(resource.group)}`;
  const segments = [
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const path = [root, ...[resource.version, ...segments].map(encodeURIComponent)].join('/');
  const query = new URLSearchParams(request.query).toString();
  return query === '' ? path : `${path}?${query}`;
}

/** What a request is about, for people: `imagepolicies.lockkeeper.dev "app" in namespace apps`. */
export function describeTarget({ resource, namespace, name, subresource }: ApiRequest): string {
  const group = resource.group === '' ? '' : `.${resource.group}`;
  const what = `${resource.plural}${subresource === undefined ? '' : `/${subresource}`}${group}`;
  const which = name === undefined ? '' : ` "${name}"`;
  return `${what}${which}${namespace === undefined ? ' in the whole cluster' : ` in namespace ${namespace}`}`;
}
