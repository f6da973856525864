/** Images that many manifests share; the one more, `target`, stands in a single file. */
const SHARED_IMAGES = 10;
/** One manifest in so many is marked. */
const MARKED_EVERY = 20;

/** Path of the only manifest with the image `target`. */
export const TARGET_PATH = 'apps/target.yaml';
/** A manifest that people change in between. */
export const HUMAN_PATH = 'apps/human.yaml';

/** Repositories that the sample's policies scan. */
export const REPOSITORIES: readonly string[] = [
  'target',
  ...Array.from({ length: SHARED_IMAGES }, (_, index) => `shared-${index}`),
];

/**
 * A config repo like those of large teams: 20 manifests to a folder, 2.4 kB each, one in twenty with a
 * marker, and the policies among them.
 * @param host of the registry
 * @returns content by path
 */
export function sampleFiles(count: number, host: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of REPOSITORIES) files[`policies/${name}.yaml`] = policy(name, host);
  files[TARGET_PATH] = deployment('target', `${host}/target:1.0.0`, marker('target'));
  files[HUMAN_PATH] = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: human}\ndata: {n: "0"}\n';
  for (let index = 0; index < count; index += 1) {
    const folder = `apps/team-${Math.floor(index / 400)}/${Math.floor(index / 20) % 20}`;
    const shared = `shared-${index % SHARED_IMAGES}`;
    const isMarked = index % MARKED_EVERY === Math.floor(index / MARKED_EVERY) % MARKED_EVERY;
    files[`${folder}/app-${index}.yaml`] = deployment(
      `app-${index}`,
      isMarked ? `${host}/${shared}:1.0.0` : `example.com/${shared}:1.${index}.0`,
      isMarked ? marker(shared) : '',
    );
  }
  return files;
}

/** An application's manifest as a person may change it, the n-th time. */
export function changedFile(text: string, nth: number): string {
  return text.replace('replicas: 2', `replicas: ${2 + nth}`);
}

function marker(policyName: string): string {
  return ` # {"$imagepolicy": "bench:${policyName}"}`;
}

function policy(name: string, host: string): string {
  return `apiVersion: lockkeeper.dev/v1alpha1
kind: ImagePolicy
metadata: {name: ${name}, namespace: bench}
spec:
  image: ${host}/${name}
  insecure: true
  policy: {semver: {range: 1.x}}
`;
}

function deployment(name: string, image: string, comment: string): string {
  const settings = Array.from(
    { length: 28 },
    (_, index) => `        - name: SETTING_${index}
          value: "${name} ${(index * 7_919) % 1_000}"
`,
  ).join('');
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: bench
  labels:
    app.kubernetes.io/name: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      containers:
      - name: main
        image: ${image}${comment}
        ports:
        - containerPort: 8080
        env:
${settings}        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
`;
}
