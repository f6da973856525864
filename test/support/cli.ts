import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder; the benches, which are bundled and run elsewhere, are told it. */
export const ROOT: string =
  process.env['BENCH_ROOT'] ?? fileURLToPath(new URL('../..', import.meta.url));

/** The built command; `global-setup.ts` keeps it fresh. */
export const BUNDLE: string = resolve(ROOT, 'dist/lockkeeper.js');

/** How to start the command. */
export interface CliOptions {
  /** Working directory; the test runner's when absent. */
  readonly cwd?: string;
  /** Added to, or put in place of, the bare environment that tests start from; `undefined` takes a name out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; empty when absent. */
  readonly input?: string | Uint8Array;
  /** Ends the process with `SIGKILL` when it fires. */
  readonly signal?: AbortSignal;
}

/** How a run of the command ended. */
export interface CliResult {
  /** Exit code, or null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export interface RunningCli {
  readonly process: ChildProcess;
  /** Settles when the process has ended and its output is read; never rejects for an exit code. */
  readonly ended: Promise<CliResult>;
  /**
   * Resolves with the first match in what the process has written so far or writes from now on.
   * Rejects, with the output, when the process ends without it.
   */
  waitFor(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray>;
}

/** Runs the built command to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Starts the built command and hands it over while it runs. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [BUNDLE, ...args], {
    cwd: options.cwd,
    env: bareEnvironment(options.env),
    stdio: 'pipe',
  });
  const abort = (): boolean => child.kill('SIGKILL');
  if (options.signal?.aborted === true) abort();
  options.signal?.addEventListener('abort', abort, { once: true });
  // A command that exits without reading its input closes the pipe; that is not the test's concern.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');

  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk));

  const ended = once(child, 'close').then(([code]): CliResult => {
    options.signal?.removeEventListener('abort', abort);
    return { code: code as number | null, ...text };
  });

  const waitFor: RunningCli['waitFor'] = (stream, pattern) =>
    new Promise((found, missing) => {
      const look = (): void => {
        const match = pattern.exec(text[stream]);
        if (match === null) return;
        child[stream].off('data', look);
        found(match);
      };
      child[stream].on('data', look);
      look();
      ended.then(
        (result) => missing(new Error(`no ${String(pattern)} in ${JSON.stringify(result)}`)),
        missing,
      );
    });

  return { process: child, ended, waitFor };
}

/**
 * Nothing of the developer's own settings: no registry credentials, Git identity, proxy or locale, so that a
 * test does the same everywhere.
 */
function bareEnvironment(extra: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}
