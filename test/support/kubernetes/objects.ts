import { succeeded } from './api-request.ts';
import type { TestApiServer } from './api-server.ts';

/** Path of the policies of a namespace. */
export function policiesPath(namespace: string): string {
  return `/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/imagepolicies`;
}

/** Path of the Secrets of a namespace. */
export function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`;
}

/** Creates a policy. @returns its uid */
export async function createPolicy(
  server: TestApiServer,
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const created = await succeeded(
    server.request('POST', policiesPath(namespace), {
      apiVersion: 'lockkeeper.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name, labels },
      spec: { image: `ghcr.io/org/${name}`, policy: { semver: { range: '^1.0.0' } } },
    }),
  );
  return (created as { metadata: { uid: string } }).metadata.uid;
}

/** Changes the spec of a policy. */
export async function changePolicy(
  server: TestApiServer,
  namespace: string,
  name: string,
  spec: object,
): Promise<void> {
  const path = `${policiesPath(namespace)}/${name}`;
  await succeeded(server.request('PATCH', path, { spec }, 'application/merge-patch+json'));
}

export async function deletePolicy(
  server: TestApiServer,
  namespace: string,
  name: string,
): Promise<void> {
  await succeeded(server.request('DELETE', `${policiesPath(namespace)}/${name}`));
}
