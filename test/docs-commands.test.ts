import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, runCli, startCli } from './support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from './support/git/http-server.ts';
import { createRemote, git, scratch } from './support/git/repo.ts';
import { hasTool } from './support/git/tools.ts';
import { startLoopback, type Loopback } from './support/registry/loopback.ts';

/** One fenced `sh` block: its commands run in order, in a fresh copy of the sample repo. */
interface Block {
  readonly place: string;
  readonly commands: readonly string[];
}

const pages = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map((match) => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length}`,
    commands: (match[2] ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  }));
}

/** Splits as a shell does, as far as the docs need it: words, and quotes of both kinds. */
function words(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

const IMAGE = 'ghcr.io/stefanprodan/podinfo';
const REPO = 'https://git.example.com/team/config.git';

/** Every image of the sample's registry. */
const MANIFEST = {
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'0'.repeat(64)}`,
  },
  annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
};

/** What the docs' examples are about: a policy, a marked Deployment, Helm values, a list of tags. */
function sample(image: string, url: string) {
  const policy = `apiVersion: lockkeeper.dev/v1alpha1
kind: ImagePolicy
metadata: {name: podinfo, namespace: apps}
spec:
  image: ${image}
  insecure: true
  policy: {semver: {range: ^6.0.0}}
`;
  const repo: Record<string, string> = {
    'policies/podinfo.yaml': policy,
    'apps/podinfo.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: podinfo, namespace: apps}
spec:
  template:
    spec:
      containers:
        - {name: podinfo, image: "${image}:6.0.0"} # {"$imagepolicy": "apps:podinfo"}
`,
    'charts/values.yaml': `image:
  repository: ${image}
  tag: 6.0.0 # {"$imagepolicy": "apps:podinfo:tag"}
`,
  };
  /** Beside the repo, on the machine where the command runs. */
  const local: Record<string, string> = {
    'config/automation.yaml': `apiVersion: lockkeeper.dev/v1alpha1
kind: ImageUpdateAutomation
metadata: {name: production, namespace: apps}
spec:
  git: {url: "${url}"}
`,
    'tags.txt': '6.0.0\n6.1.0\nmain-abc1234-1700000000\n',
  };
  return { repo, local };
}

describe.skipIf(!hasTool('git-http-backend'))('every command in the docs works', () => {
  const root = scratch();
  let server: GitHttpServer;
  let registry: Loopback;
  let count = 0;

  beforeAll(async () => {
    server = await startGitHttpServer({ root: root.path });
    registry = await startLoopback(({ url }) => ({
      body: url.includes('/manifests/') ? MANIFEST : { name: 'podinfo', tags: ['6.0.0', '6.1.0'] },
    }));
  });
  afterAll(async () => {
    await server.close();
    await registry.close();
    root.remove();
  });

  function freshSample() {
    const name = `sample-${(count += 1)}`;
    const image = `${registry.host}/podinfo`;
    const url = server.url(`${name}.git`);
    const files = sample(image, url);
    const remote = createRemote(join(root.path, `${name}.git`));
    remote.commit(files.repo);
    // The Deployment was moved by us and moved back by a person: it is held.
    const path = 'apps/podinfo.yaml';
    const deployment = files.repo[path] ?? '';
    remote.commit(
      { [path]: deployment.replace(':6.0.0', ':6.1.0') },
      { message: `Update podinfo\n\nImage-Update: apps/podinfo ${image}:6.0.0 -> 6.1.0\n` },
    );
    remote.commit({ [path]: deployment });
    const work = join(root.path, name);
    git(root.path, ['clone', '--quiet', '--branch', 'main', remote.path, work]);
    for (const [path, content] of Object.entries(files.local)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), content);
    }
    return { work, image, url, env: { LOCKKEEPER_CACHE_DIR: join(root.path, `${name}.cache`) } };
  }

  it.each(pages.flatMap(blocksOf))('$place', async ({ commands }) => {
    const { work, image, url, env } = freshSample();
    for (const command of commands) {
      if (!command.startsWith('lockkeeper ')) {
        expectScripts(command);
        continue;
      }
      const given = words(command.replaceAll(IMAGE, image).replaceAll(REPO, url)).slice(1);
      const args = given.includes('--image') ? [...given, '--insecure'] : given;
      const result =
        args[0] === 'run'
          ? await runUntilReady(args, work, env)
          : await runCli(args, { cwd: work, env });
      expect({ command, ...result }).toMatchObject({ command, code: 0 });
    }
  });

  it('reads them from more than one page', () => {
    const withCommands = pages.filter((page) => blocksOf(page).length > 0);
    expect(withCommands.length).toBeGreaterThan(3);
  });
});

/** The controller runs until it is told to stop; then it ends well. */
async function runUntilReady(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
) {
  const free = args.map((arg) => arg.replace(/:8080$/, ':0'));
  const listen = free.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
  const running = startCli([...free, ...listen], { cwd, env });
  await running.waitFor('stderr', /"msg":"pushed"/);
  running.process.kill('SIGTERM');
  return running.ended;
}

/** `npm ci && npm run demo`: the scripts that the docs name are there. */
function expectScripts(command: string): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const part of withoutComment(command)
    .split('&&')
    .map((each) => each.trim())) {
    expect(part).toMatch(/^npm (ci|test|run [a-z:]+( -- .+)?)$/);
    const name = /^npm run (\S+)/.exec(part)?.[1];
    if (name !== undefined) expect(Object.keys(scripts)).toContain(name);
  }
}

function withoutComment(command: string): string {
  return command.replace(/\s+#.*$/, '');
}
