import { join } from 'node:path';
import { ROOT, type RunningCli } from '../support/cli.ts';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { startApiServer, type TestApiServer } from '../support/kubernetes/api-server.ts';
import { kubectl } from '../support/kubernetes/kubectl.ts';
import { automation } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

/** Login of the Git server, which is in the Secret `apps/git-login`. */
export const GIT_LOGIN = { username: 'bot', password: 'git-Pa$$w0rd-4711' };

/** Where `config/default` installs the controller. */
export const SYSTEM_NAMESPACE = 'lockkeeper-system';

/** How long {@link openClusterStage} may take on a slow machine, in ms. */
export const STAGE_TIMEOUT_MS = 180_000;

/** A cluster with `config/default` installed, and a Git server whose repo the automation `apps/config` follows. */
export interface ClusterStage {
  readonly server: TestApiServer;
  readonly stage: Stage;
  readonly remote: RemoteRepo;
  readonly git: GitHttpServer;
  /** Runs kubectl as the administrator. @returns its stdout @throws Error with its stderr when it fails */
  kubectl(args: readonly string[], input?: unknown): Promise<string>;
  /** Applies YAML texts as the administrator. */
  apply(...texts: readonly string[]): Promise<string>;
  /** Starts the controller as the ServiceAccount of `config/default`, in a Pod of this name. */
  start(pod: string, ...args: readonly string[]): RunningCli;
  /** The same as the ServiceAccount `lockkeeper` of another namespace. */
  startIn(namespace: string, pod: string, ...args: readonly string[]): Promise<RunningCli>;
  /** The same as {@link start}, which reaches the API server at another address, such as a proxy's. */
  startThrough(server: string, pod: string, ...args: readonly string[]): Promise<RunningCli>;
  close(): Promise<void>;
}

/** Starts it all; no controller yet, and no policies. */
export async function openClusterStage(): Promise<ClusterStage> {
  const stage = openStage();
  const remote = createRemote(stage.path('remotes/config.git'));
  const git = await startGitHttpServer({ root: stage.path('remotes'), basic: GIT_LOGIN });
  const server = await startApiServer();
  const run = administrator(server);
  const apply = (...texts: readonly string[]) => {
    stage.write({ 'apply.yaml': texts.join('---\n') });
    return run(['apply', '--filename', stage.path('apply.yaml')]);
  };
  await run(['apply', '--server-side', '--kustomize', join(ROOT, 'config/default')]);
  await run(['create', 'namespace', 'apps']);
  await applyAutomation({ run, apply }, git);
  const startAs = (kubeconfig: string, namespace: string, pod: string, args: readonly string[]) =>
    stage.start(['run', '--kubeconfig', kubeconfig, '--listen', '127.0.0.1:0', ...args], {
      env: {
        POD_NAME: pod,
        POD_IP: '127.0.0.1',
        POD_NAMESPACE: namespace,
        LOCKKEEPER_CACHE_DIR: stage.path('cache', pod),
      },
    });
  const kubeconfigIn = async (namespace: string, address = server.url) =>
    server.kubeconfig({ token: await accountToken(run, namespace), server: address });
  const kubeconfig = await kubeconfigIn(SYSTEM_NAMESPACE);
  return {
    server,
    stage,
    remote,
    git,
    kubectl: run,
    apply,
    start: (pod, ...args) => startAs(kubeconfig, SYSTEM_NAMESPACE, pod, args),
    startIn: async (namespace, pod, ...args) =>
      startAs(await kubeconfigIn(namespace), namespace, pod, args),
    startThrough: async (address, pod, ...args) =>
      startAs(await kubeconfigIn(SYSTEM_NAMESPACE, address), SYSTEM_NAMESPACE, pod, args),
    async close() {
      await stage.close();
      await git.close();
      await server.stop();
    },
  };
}

/** kubectl as the administrator, for commands that must work. */
export function administrator(server: TestApiServer): ClusterStage['kubectl'] {
  const run = kubectl(server.adminKubeconfig);
  return async (args, input) => {
    const { code, stdout, stderr } = await run(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };
}

/** Creates the Secret `git-login`, with the login of the Git server. */
export async function createGitLogin(
  run: ClusterStage['kubectl'],
  namespace: string,
): Promise<void> {
  const { username, password } = GIT_LOGIN;
  await run([
    ...'create secret generic git-login --namespace'.split(' '),
    namespace,
    `--from-literal=username=${username}`,
    `--from-literal=password=${password}`,
  ]);
}

async function applyAutomation(
  { run, apply }: { readonly run: ClusterStage['kubectl']; readonly apply: ClusterStage['apply'] },
  git: GitHttpServer,
): Promise<void> {
  await createGitLogin(run, 'apps');
  await apply(automation([`url: ${git.url('config.git')}`, 'secretRef: {name: git-login}']));
}

async function accountToken(run: ClusterStage['kubectl'], namespace: string): Promise<string> {
  const token = await run(['create', 'token', 'lockkeeper', '--namespace', namespace]);
  return token.trim();
}
