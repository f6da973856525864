import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { AppError } from '../../../domain/errors.ts';
import { cancelled } from '../../../domain/cancellation.ts';

/** What a finished `git` left behind. */
export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** One run of `git`. */
export interface GitRun {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: readonly Uint8Array[];
  readonly signal: AbortSignal;
  /** Bound on the whole run, in ms. */
  readonly timeoutMs: number;
  /** What it speaks to, as messages name it; default: nothing but files. */
  readonly remote?: string;
}

/** Listings of very large repos stay below this; more is a runaway. */
const MAX_STDOUT_BYTES = 512 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
/** How long `git` may take to remove its temporary files after it was asked to end, in ms. */
const KILL_AFTER_MS = 2000;

/**
 * Starts `git` without a shell, in a session of its own: so no child of it (ssh above all) can
 * prompt on a terminal, and all of them end together.
 */
export function startGit(
  run: Pick<GitRun, 'args' | 'env' | 'cwd'>,
): ChildProcessWithoutNullStreams {
  return spawn('git', run.args, {
    env: run.env,
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Asks a process and all its children to end, and makes sure of it a little later. */
export function endProcess(child: ChildProcessWithoutNullStreams): void {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(child, 'SIGKILL');
    // Whoever left the group still holds them, and nobody is to wait for it.
    child.stdout.destroy();
    child.stderr.destroy();
  }, KILL_AFTER_MS).unref();
  child.once('close', () => clearTimeout(timer));
}

/** Also when `git` itself has ended: as long as its pipes are open, a child of it lives on in the group. */
function signalGroup(child: ChildProcessWithoutNullStreams, name: NodeJS.Signals): void {
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  const isClosed = child.stdout.closed && child.stderr.closed;
  if (child.pid === undefined || (hasEnded && isClosed)) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It ended between the check and the call.
  }
}

/**
 * Runs `git` to its end; any exit code is a result.
 * @throws AppError `cancelled`, `git/unreachable` on time-out, `git/unsupported` without a git program
 */
export async function runGit(run: GitRun): Promise<GitResult> {
  if (run.signal.aborted) throw cancelled();
  const child = startGit(run);
  const timeout = AbortSignal.timeout(run.timeoutMs);
  const stop = AbortSignal.any([run.signal, timeout]);
  const onStop = (): void => endProcess(child);
  stop.addEventListener('abort', onStop, { once: true });
  try {
    const result = await collect(child, run);
    if (run.signal.aborted) throw cancelled();
    if (timeout.aborted) {
      throw tookTooLong(run);
    }
    return result;
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}

function tookTooLong(run: GitRun): AppError {
  const { remote, timeoutMs } = run;
  const what = `git ${commandOf(run)} took over ${Math.round(timeoutMs / 1000)} s`;
  const message =
    remote === undefined ? what : `${remote} does not answer, or too slowly (${what})`;
  return new AppError('git/unreachable', message, { retry: true });
}

function collect(child: ChildProcessWithoutNullStreams, run: GitRun): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const stdout: Buffer[] = [];
    let size = 0;
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_STDOUT_BYTES) stdout.push(chunk);
      else endProcess(child);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < MAX_STDERR_BYTES) stderr += chunk;
    });
    child.on('error', (cause) =>
      reject(new AppError('git/unsupported', 'the git program cannot be started', { cause })),
    );
    child.on('close', (code) => {
      if (size > MAX_STDOUT_BYTES) {
        reject(new AppError('git/unsupported', `git ${commandOf(run)} printed over 512 MiB`));
      } else {
        resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr });
      }
    });
    // A process that ends before it has read everything says why in its exit code and stderr.
    child.stdin.on('error', () => undefined);
    child.stdin.end(Buffer.concat(run.input ?? []));
  });
}

/** `fetch` of `--git-dir=… fetch …`: the folder says nothing to people. */
function commandOf({ args }: Pick<GitRun, 'args'>): string {
  return args.find((arg) => !arg.startsWith('-')) ?? '';
}
