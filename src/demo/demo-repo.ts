import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../domain/errors.ts';

const run = promisify(execFile);

/** A bare config repo with one application, and a look at its history. */
export interface DemoRepo {
  /** The newest commit, message and diff. */
  show(): Promise<string>;
  log(): Promise<string>;
}

/** Name of the bare repo in its folder. */
export const REPO_NAME = 'config.git';

/** Makes the repo with plain `git`, as a team would have made theirs. @throws AppError `git/unsupported` without git */
export async function createDemoRepo(folder: string, image: string): Promise<DemoRepo> {
  const bare = join(folder, REPO_NAME);
  const work = join(folder, 'first-commit');
  const git = async (cwd: string, ...args: readonly string[]) => {
    try {
      const { stdout } = await run('git', [...IDENTITY, ...args], { cwd, encoding: 'utf8' });
      return stdout;
    } catch (cause) {
      throw new AppError(
        'git/unsupported',
        `the demo needs a working git program (git ${args[0]} failed)`,
        { cause },
      );
    }
  };
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  await git(folder, 'clone', '--quiet', bare, work);
  for (const [path, content] of Object.entries(sampleFiles(image))) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), content);
  }
  await git(work, 'checkout', '--quiet', '-B', 'main');
  await git(work, 'add', '.');
  await git(work, 'commit', '--quiet', '--message', 'Run podinfo 6.0.0');
  await git(work, 'push', '--quiet', 'origin', 'main');
  return {
    show: () => git(bare, 'show', '--format=%an: %B', 'main'),
    log: () => git(bare, 'log', '--format=%h %an: %s', 'main'),
  };
}

/** Whatever the user's own settings are, the demo's commits look the same. */
const IDENTITY = [
  '-c',
  'user.name=A person',
  '-c',
  'user.email=person@example.com',
  '-c',
  'commit.gpgSign=false',
  '-c',
  'core.autocrlf=false',
  '-c',
  'core.hooksPath=/dev/null',
];

function sampleFiles(image: string): Readonly<Record<string, string>> {
  return {
    'apps/podinfo.yaml': `# The shop's front end. Owned by team web.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
  namespace: apps
spec:
  selector:
    matchLabels: {app: podinfo}   # keep in step with the Service
  template:
    metadata:
      labels: {app: podinfo}
    spec:
      containers:
      - name: podinfo
        image: ${image}:6.0.0  # {"$imagepolicy": "apps:podinfo"}
        ports: [ {containerPort: 9898} ]
`,
    'policies/podinfo.yaml': `apiVersion: lockkeeper.dev/v1alpha1
kind: ImagePolicy
metadata:
  name: podinfo
  namespace: apps
spec:
  image: ${image}
  insecure: true # the demo's registry speaks plain HTTP on loopback
  policy:
    semver:
      range: 6.x
`,
  };
}
