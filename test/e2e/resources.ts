/** What tests vary in an ImagePolicy. */
export interface PolicySample {
  readonly image: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly range?: string;
  /** Further lines of `spec`, without indentation. */
  readonly spec?: readonly string[];
}

/** An ImagePolicy, in `apps` unless told otherwise, that follows a semver range; plain HTTP unless `spec` says otherwise. */
export function imagePolicy({
  image,
  namespace = 'apps',
  name = 'web',
  range = '*',
  spec,
}: PolicySample): string {
  return lines(
    'apiVersion: lockkeeper.dev/v1alpha1',
    'kind: ImagePolicy',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    'spec:',
    `  image: ${image}`,
    '  policy:',
    '    semver:',
    `      range: "${range}"`,
    ...(spec ?? ['insecure: true']).map((line) => `  ${line}`),
  );
}

/** A Deployment in namespace `apps` whose image is marked for the policy of the same name in a namespace. */
export function deployment(image: string, name = 'web', namespace = 'apps'): string {
  return lines(
    'apiVersion: apps/v1',
    'kind: Deployment',
    'metadata:',
    `  name: ${name}`,
    '  namespace: apps',
    'spec:',
    '  template:',
    '    spec:',
    '      containers:',
    `        - name: ${name} # the one that matters`,
    `          image: ${image} # {"$imagepolicy": "${namespace}:${name}"}`,
  );
}

/** An ImageUpdateAutomation of any namespace. @param spec all lines of `spec`, without indentation */
export function automationIn(namespace: string, spec: readonly string[], name = 'config'): string {
  return lines(
    'apiVersion: lockkeeper.dev/v1alpha1',
    'kind: ImageUpdateAutomation',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    'spec:',
    ...spec.map((line) => `  ${line}`),
  );
}

/** An ImageUpdateAutomation in namespace `apps`. @param spec further lines of `spec`, without indentation */
export function automation(
  git: readonly string[],
  spec: readonly string[] = ['interval: 1s'],
): string {
  return automationIn('apps', ['git:', ...git.map((line) => `  ${line}`), ...spec]);
}

/** Joins lines; the last one ends too. */
export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
