#!/usr/bin/env node
/**
 * Builds the servers that tests run against from their Go modules, once per user and version.
 *
 *   node test/tools/build.mjs [NAME…]          build what is missing, print where each binary is
 *   node test/tools/build.mjs --find [NAME…]   build nothing; exit 1 when a binary is missing
 *
 * Binaries are kept in `$XDG_CACHE_HOME/lockkeeper-test/<name>-<stamp>/`. The stamp covers all that
 * decides the result, so an old binary is never taken for a new one. A binary that the environment
 * names is used as it is.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const KUBERNETES = join(FOLDER, 'kubernetes');
const GITEA = join(FOLDER, 'gitea');
/** Without a version these call themselves v0.0.0, and kubectl warns of the distance to the server's. */
const VERSIONED = {
  versionVariable: 'k8s.io/component-base/version.gitVersion',
  versionOf: 'k8s.io/kubernetes',
};
const TOOLS = [
  {
    name: 'registry',
    module: FOLDER,
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    takes: 'a minute or two',
  },
  {
    name: 'etcd',
    module: KUBERNETES,
    package: 'go.etcd.io/etcd/server/v3',
    variable: 'TEST_ASSET_ETCD',
    takes: 'a minute or two',
  },
  {
    name: 'kube-apiserver',
    module: KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    variable: 'TEST_ASSET_KUBE_APISERVER',
    ...VERSIONED,
    takes: 'five to ten minutes',
  },
  {
    name: 'kubectl',
    module: KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kubectl',
    variable: 'TEST_ASSET_KUBECTL',
    ...VERSIONED,
    takes: 'a minute or two',
  },
  {
    name: 'gitea',
    module: GITEA,
    package: 'code.gitea.io/gitea',
    // SQLite is C.
    tags: ['sqlite', 'sqlite_unlock_notify'],
    isC: true,
    // It reads these at run time; the pages' scripts, which only a browser needs, are not among them.
    assets: ['options', 'public', 'templates'],
    takes: 'three to six minutes',
  },
];

function goVersion() {
  try {
    return execFileSync('go', ['version'], { cwd: FOLDER, encoding: 'utf8' }).trim();
  } catch {
    console.error('test tools: `go` is not on the PATH, so they cannot be built; https://go.dev/dl has it');
    process.exit(1);
  }
}

/** Where the environment says that a tool is: by its own variable, or in the folder of setup-envtest. */
function given(tool) {
  if (tool.variable === undefined) return undefined;
  const own = process.env[tool.variable];
  if (own) return own;
  const assets = process.env['KUBEBUILDER_ASSETS'];
  return assets ? join(assets, tool.name) : undefined;
}

function buildArguments(tool) {
  const tags = tool.tags === undefined ? [] : ['-tags', tool.tags.join(',')];
  return [...tags, '-trimpath', '-ldflags', ['-s -w', ...versionFlags(tool)].join(' '), tool.package];
}

function versionFlags({ module, versionVariable, versionOf }) {
  if (versionOf === undefined) return [];
  const line = new RegExp(`^\\s*${versionOf} (v\\S+)`, 'm');
  const version = line.exec(readFileSync(join(module, 'go.mod'), 'utf8'))[1];
  return [`-X ${versionVariable}=${version}`];
}

function cachedPath(tool) {
  const stamp = createHash('sha256').update(goVersion()).update(JSON.stringify(buildArguments(tool)));
  for (const file of ['go.mod', 'go.sum']) stamp.update(readFileSync(join(tool.module, file)));
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = `${tool.name}-${stamp.digest('hex').slice(0, 16)}`;
  return join(base, 'lockkeeper-test', folder, tool.name);
}

/** Builds beside the target and renames, so that nobody ever runs half a binary. */
function build(tool, target) {
  const part = `${target}.${process.pid}.part`;
  const started = Date.now();
  console.error(`test tools: building ${tool.name} (${tool.takes} the first time)`);
  mkdirSync(join(target, '..'), { recursive: true });
  const env = { ...process.env, CGO_ENABLED: tool.isC ? '1' : '0', GOFLAGS: '-mod=readonly' };
  const { status } = spawnSync('go', ['build', '-o', part, ...buildArguments(tool)], {
    cwd: tool.module,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    rmSync(part, { force: true });
    console.error(`test tools: building ${tool.name} failed`);
    process.exit(1);
  }
  copyAssets(tool, join(target, '..'));
  renameSync(part, target);
  console.error(`test tools: built ${tool.name} in ${Math.round((Date.now() - started) / 1000)} s`);
}

function copyAssets({ module, package: name, assets = [] }, folder) {
  if (assets.length === 0) return;
  const options = { cwd: module, encoding: 'utf8' };
  const source = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', name], options).trim();
  for (const asset of assets) cpSync(join(source, asset), join(folder, asset), { recursive: true });
}

const findOnly = process.argv.includes('--find');
const names = process.argv.slice(2).filter((argument) => argument !== '--find');
for (const tool of TOOLS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const target = given(tool) ?? cachedPath(tool);
  if (!existsSync(target)) {
    if (findOnly || given(tool) !== undefined) {
      console.error(`test tools: there is no ${target}`);
      process.exit(1);
    }
    build(tool, target);
  }
  console.log(`${tool.name} ${target}`);
}
