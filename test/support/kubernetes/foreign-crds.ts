import { setTimeout as delay } from 'node:timers/promises';
import { succeeded } from './api-request.ts';
import type { TestApiServer } from './api-server.ts';

const text = { type: 'string' };
const named = { type: 'object', properties: { name: text }, required: ['name'] };

/** As much of the kinds of Flux and Argo CD as their CRDs' places and our fields ask for. */
const KINDS = [
  {
    group: 'source.toolkit.fluxcd.io',
    version: 'v1',
    kind: 'GitRepository',
    plural: 'gitrepositories',
    spec: {
      type: 'object',
      required: ['url'],
      properties: {
        url: { type: 'string', pattern: '^(http|https|ssh)://.*$' },
        interval: text,
        provider: text,
        suspend: { type: 'boolean' },
        secretRef: named,
        proxySecretRef: named,
        ref: {
          type: 'object',
          properties: { branch: text, tag: text, semver: text, name: text, commit: text },
        },
      },
    },
  },
  {
    group: 'kustomize.toolkit.fluxcd.io',
    version: 'v1',
    kind: 'Kustomization',
    plural: 'kustomizations',
  },
  { group: 'helm.toolkit.fluxcd.io', version: 'v2', kind: 'HelmRelease', plural: 'helmreleases' },
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', plural: 'applications' },
] as const;

/** One of the kinds of {@link installForeignCrds}. */
export type ForeignKind = (typeof KINDS)[number]['kind'];

/** Installs CRDs of Flux and Argo CD, without their controllers. */
export async function installForeignCrds({ request }: TestApiServer): Promise<void> {
  for (const { group, version, kind, plural, ...more } of KINDS) {
    const name = `${plural}.${group}`;
    const spec =
      'spec' in more ? more.spec : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await succeeded(
      request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name,
          // The API server asks for it where the group is one of Kubernetes' own.
          annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
        },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind, plural, singular: kind.toLowerCase() },
          versions: [
            {
              name: version,
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
            },
          ],
        },
      }),
    );
    while ((await request('GET', `/apis/${group}/${version}/${plural}`)).status !== 200) {
      await delay(50);
    }
  }
}

/** Path of one object. */
export function foreignPath(kind: ForeignKind, namespace: string, name = ''): string {
  const found = KINDS.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  const { group, version, plural } = found;
  return `/apis/${group}/${version}/namespaces/${namespace}/${plural}${name && `/${name}`}`;
}

/** Creates an object. */
export async function createForeign(
  { request }: TestApiServer,
  kind: ForeignKind,
  object: {
    readonly namespace: string;
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: object;
  },
): Promise<void> {
  const { namespace, name, annotations = {}, spec = {} } = object;
  const found = KINDS.find((one) => one.kind === kind);
  const apiVersion = `${found?.group}/${found?.version}`;
  const body = { apiVersion, kind, metadata: { name, annotations }, spec };
  await succeeded(request('POST', foreignPath(kind, namespace), body));
}

/** Annotations of an object. */
export async function foreignAnnotations(
  { request }: TestApiServer,
  kind: ForeignKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Readonly<Record<string, string>>> {
  const object = (await succeeded(request('GET', foreignPath(kind, namespace, name)))) as {
    metadata: { annotations?: Record<string, string> };
  };
  return object.metadata.annotations ?? {};
}
