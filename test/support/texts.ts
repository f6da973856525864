/** YAML as users have it, for tests of the whole way. */

/** The repository that the texts speak of unless told otherwise. */
export const PODINFO = 'ghcr.io/stefanprodan/podinfo';

/** An ImagePolicy `apps/NAME` that follows all versions, unless `spec` says more (lines of YAML). */
export function policyText(name = 'podinfo', image = PODINFO, ...spec: readonly string[]): string {
  const policy = spec.some((line) => line.startsWith('policy:'))
    ? []
    : ['policy: {semver: {range: ">=0.0.0"}}'];
  return [
    'apiVersion: lockkeeper.dev/v1alpha1',
    'kind: ImagePolicy',
    `metadata: {name: ${name}, namespace: apps}`,
    'spec:',
    ...[`image: ${image}`, ...policy, ...spec].map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** The ImageUpdateAutomation `apps/NAME`, with further lines of `spec`. */
export function automationText(name = 'update', ...spec: readonly string[]): string {
  return [
    'apiVersion: lockkeeper.dev/v1alpha1',
    'kind: ImageUpdateAutomation',
    `metadata: {name: ${name}, namespace: apps}`,
    'spec:',
    ...['git: {url: "https://git.example.com/config.git"}', ...spec].map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** A Deployment `apps/web` whose image carries a marker; none where it is empty. */
export function deploymentText(
  image = `${PODINFO}:6.1.0`,
  { marker = 'apps:podinfo', annotations = [] as readonly string[] } = {},
): string {
  const comment = marker === '' ? '' : ` # {"$imagepolicy": "${marker}"}`;
  return [
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata:',
    '  name: web',
    '  namespace: apps',
    ...(annotations.length === 0 ? [] : ['  annotations:']),
    ...annotations.map((line) => `    ${line}`),
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    '        - name: web',
    `          image: ${image}${comment}`,
    '',
  ].join('\n');
}
