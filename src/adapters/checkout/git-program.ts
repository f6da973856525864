import { execFile } from 'node:child_process';
import { AppError } from '../../domain/errors.ts';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Arguments of one call stay far below the system's limit. */
export const PATHS_PER_CALL = 500;

/** What a finished `git` left behind. */
export interface GitResult {
  /** Undefined: it did not start, or was ended. */
  readonly code: number | undefined;
  readonly bytes: Buffer;
  /** `bytes` as text. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `git` to its end; any exit code is a result. @throws AppError `cancelled` */
export type RunGit = (
  args: readonly string[],
  options?: {
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Default: 64 MiB; a `git` that prints more is ended. */
    readonly maxBytes?: number;
  },
) => Promise<GitResult>;

/** Runs `git` in a folder with the user's settings, but unattended. */
export function gitIn(
  folder: string,
  ambient: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): RunGit {
  const base = Object.fromEntries(
    Object.entries(ambient).filter(
      ([name]) => !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG_'),
    ),
  );
  const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'gc.autoDetach=false'];
  return (args, { input = '', env = {}, maxBytes = MAX_OUTPUT_BYTES } = {}) =>
    new Promise((resolve, reject) => {
      const fixed = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_LITERAL_PATHSPECS: '1' };
      const options = {
        cwd: folder,
        env: { ...base, ...fixed, ...env },
        signal,
        maxBuffer: maxBytes,
        encoding: 'buffer',
      } as const;
      const child = execFile('git', [...settings, ...args], options, (error, bytes, stderr) => {
        if (signal.aborted) return reject(new AppError('cancelled', 'cancelled'));
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        const stdout = bytes.toString('utf8');
        resolve({ code, bytes, stdout, stderr: stderr.toString('utf8') });
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
}

/** Why `git` will not work in a folder: it refuses repos of other users, and says how to allow them. */
export async function gitRefusal(run: RunGit, folder: string): Promise<string | undefined> {
  const result = await run(['rev-parse', '--is-inside-work-tree']);
  if (result.code === 0) return undefined;
  return `git cannot work in ${folder} (${result.stderr.split('\n')[0] ?? ''})`;
}
