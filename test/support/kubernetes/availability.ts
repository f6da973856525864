import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../cli.ts';

const BUILD_SCRIPT = join(ROOT, 'test/tools/build.mjs');

/** Where the programs of a control plane are, and the one that people use it by. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
}

/** Paths of the programs, or undefined when this machine lacks one of them. */
export function findControlPlane(): ControlPlaneBinaries | undefined {
  const names = ['etcd', 'kube-apiserver', 'kubectl'];
  const { status, stdout } = spawnSync(process.execPath, [BUILD_SCRIPT, '--find', ...names], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  const [etcd, apiServer, kubectl] = names.map(
    (name) => new RegExp(`^${name} (.+)$`, 'm').exec(stdout)?.[1],
  );
  if (etcd === undefined || apiServer === undefined || kubectl === undefined) return undefined;
  return { etcd, apiServer, kubectl };
}

/**
 * For `describe.skipIf`: true, with one line saying what to do, when there is no API server to start.
 * @throws Error instead when `CI=true`: there, a skipped test would go unnoticed
 */
export function skipWithoutApiServer(): boolean {
  if (findControlPlane() !== undefined) return false;
  const line =
    'etcd, kube-apiserver or kubectl is missing: run `npm run testbin` (needs Go) or set KUBEBUILDER_ASSETS';
  if (process.env['CI'] === 'true') throw new Error(`Kubernetes tests cannot run: ${line}`);
  console.warn(`Kubernetes tests skipped: ${line}`);
  return true;
}
