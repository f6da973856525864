import type { Io } from './io.ts';

/** How a command's action ends (command-line contract): done, failed, wrong usage or invalid input. */
export type ExitCode = 0 | 1 | 2;

/** What each command is created with. */
export interface CommandContext {
  readonly io: Io;
  /** Says how the action ended. */
  readonly done: (code: ExitCode) => void;
  /** Runs another command line, in this process. */
  readonly runCli: (argv: readonly string[], io: Io) => Promise<number>;
}
