import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILD_SCRIPT = fileURLToPath(new URL('../../tools/build.mjs', import.meta.url));

/** Where the two programs of a control plane are. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly apiServer: string;
}

/** Paths of etcd and kube-apiserver, or undefined when this machine lacks one of them. */
export function findControlPlane(): ControlPlaneBinaries | undefined {
  const { status, stdout } = spawnSync(
    process.execPath,
    [BUILD_SCRIPT, '--find', 'etcd', 'kube-apiserver'],
    { encoding: 'utf8' },
  );
  if (status !== 0) return undefined;
  const etcd = /^etcd (.+)$/m.exec(stdout)?.[1];
  const apiServer = /^kube-apiserver (.+)$/m.exec(stdout)?.[1];
  return etcd === undefined || apiServer === undefined ? undefined : { etcd, apiServer };
}

/**
 * For `describe.skipIf`: true, with one line saying what to do, when there is no API server to start.
 * @throws Error instead when `CI=true`: there, a skipped test would go unnoticed
 */
export function skipWithoutApiServer(): boolean {
  if (findControlPlane() !== undefined) return false;
  const line =
    'etcd or kube-apiserver is missing: run `npm run testbin` (needs Go) or set KUBEBUILDER_ASSETS';
  if (process.env['CI'] === 'true') throw new Error(`Kubernetes tests cannot run: ${line}`);
  console.warn(`Kubernetes tests skipped: ${line}`);
  return true;
}

/** For `describe.skipIf`, where the test drives `kubectl` as a user would. As {@link skipWithoutApiServer}. */
export function skipWithoutKubectl(): boolean {
  if (skipWithoutApiServer()) return true;
  if (spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0) return false;
  const line = 'kubectl is not on the PATH';
  if (process.env['CI'] === 'true') throw new Error(`kubectl tests cannot run: ${line}`);
  console.warn(`kubectl tests skipped: ${line}`);
  return true;
}
