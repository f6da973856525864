import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a server gets to end by itself, in ms. */
const END_WITHIN_MS = 10_000;

/** One server process whose output goes to a file. */
export interface ServerProcess {
  readonly pid: number;
  readonly ended: boolean;
  /** The end of its log, for the message of a failure. */
  log(): string;
  /** SIGTERM, then SIGKILL after 10 s; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
}

/** Starts a program; it never outlives the tests. */
export async function startServerProcess(
  program: string,
  args: readonly string[],
  folder: string,
): Promise<ServerProcess> {
  const logFile = join(folder, `${program.split('/').at(-1)}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder });
  closeSync(log);
  const endWithTests = () => child.kill('SIGKILL');
  process.once('exit', endWithTests);
  child.once('exit', () => process.off('exit', endWithTests));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid ?? 0,
    get ended() {
      return hasEnded(child);
    },
    log: () => readFileSync(logFile, 'utf8').slice(-4_000),
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
  child.kill(signal);
  await gone;
  clearTimeout(timer);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
