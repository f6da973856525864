import { spawn } from 'node:child_process';
import { findControlPlane } from './availability.ts';

/** What one kubectl command said. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl as the user of a kubeconfig; objects go in as JSON on stdin. */
export function kubectl(kubeconfig: string) {
  const program = findControlPlane()?.kubectl ?? 'kubectl';
  return async (args: readonly string[], input?: unknown): Promise<KubectlResult> => {
    const child = spawn(program, ['--kubeconfig', kubeconfig, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.end(input === undefined ? '' : JSON.stringify(input));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status) => resolve(status ?? 1));
    });
    return { code, stdout, stderr };
  };
}
