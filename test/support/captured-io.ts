import { runCli } from '../../src/cli/program.ts';
import type { Io } from '../../src/cli/io.ts';
import { never } from './memory-ports.ts';

/** How a command line that ran in this process ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. @param over in place of the plain surroundings */
export async function run(
  argv: readonly string[],
  { stdin = '', ...over }: Partial<Omit<Io, 'stdin'>> & { readonly stdin?: string } = {},
): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCli(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    stdin: async () => stdin,
    env: { HOME: '/nonexistent', LOCKKEEPER_CACHE_DIR: '/nonexistent' },
    colors: false,
    interactive: false,
    stop: never,
    ...over,
  });
  return { code, out, err };
}
