import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import type { ClusterTiming } from '../../../src/adapters/kubernetes/timing.ts';

const ENTRY = fileURLToPath(new URL('lead-process.ts', import.meta.url));

/** The program of {@link startLeadChild}, bundled: Node 20 does not run TypeScript. */
export interface LeadProgram {
  readonly file: string;
  remove(): void;
}

export async function bundleLeadProgram(): Promise<LeadProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-lead-'));
  const file = join(folder, 'lead.mjs');
  await build({ input: ENTRY, platform: 'node', output: { file, codeSplitting: false } });
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

/** A candidate in a process of its own. */
export interface LeadChild {
  /** What it has said, with the time (of `Date.now`) at which it came here. */
  readonly lines: { readonly at: number; readonly text: string }[];
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

export function startLeadChild(
  program: LeadProgram,
  options: {
    readonly kubeconfig: string;
    readonly namespace: string;
    readonly identity: string;
    readonly timing: ClusterTiming;
  },
): LeadChild {
  const { kubeconfig, namespace, identity, timing } = options;
  const args = [program.file, kubeconfig, namespace, identity, JSON.stringify(timing)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const endWithTests = () => child.kill('SIGKILL');
  process.once('exit', endWithTests);
  const lines: { at: number; text: string }[] = [];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    for (const text of chunk.split('\n').filter(Boolean)) lines.push({ at: Date.now(), text });
  });
  return {
    lines,
    signal: (name) => child.kill(name),
    ended: new Promise((resolve) => {
      child.once('close', () => {
        process.off('exit', endWithTests);
        resolve();
      });
    }),
  };
}
