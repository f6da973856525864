import { spawn } from 'node:child_process';

/** The built command, as `run.mjs` says. */
export const COMMAND: string = process.env['BENCH_COMMAND'] ?? '';

/** Environment of every program that is timed: nothing of the user's own settings. */
const BARE_ENV = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Human',
  GIT_AUTHOR_EMAIL: 'human@example.com',
  GIT_COMMITTER_NAME: 'Human',
  GIT_COMMITTER_EMAIL: 'human@example.com',
};

/** How a program is started. */
export interface ProgramOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. @returns what it printed. @throws Error unless it ends with 0 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, input = '', env }: ProgramOptions = {},
): Promise<string> {
  const child = spawn(program, args, { cwd, env: { ...BARE_ENV, ...env }, stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((ended, failed) => {
    child.on('close', ended);
    child.on('error', failed);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${text}`);
  return text;
}

/** Runs the built command. @param nodeArgs for Node itself */
export function lockkeeper(
  args: readonly string[],
  options: ProgramOptions = {},
  nodeArgs: readonly string[] = [],
): Promise<string> {
  return run(process.execPath, [...nodeArgs, COMMAND, ...args], options);
}

/** Runs a shell script, as a person would by hand. */
export function shell(script: string, options: ProgramOptions = {}): Promise<string> {
  return run('sh', ['-euc', script], options);
}
