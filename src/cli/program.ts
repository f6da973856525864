import { Command, CommanderError } from 'commander';
import { asAppError } from '../domain/errors.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandContext } from './command.ts';
import { crdsCommand } from './crds.ts';
import { demoCommand } from './demo.ts';
import { printError, printFindings, type Io } from './io.ts';
import { lockCommand, unlockCommand } from './lock.ts';
import { locksCommand } from './locks.ts';
import { runCommand } from './run.ts';
import { selectCommand } from './select.ts';
import { updateCommand } from './update.ts';
import { validateCommand } from './validate.ts';

/** Exit codes (command-line contract). */
const FAILED = 1;
const WRONG_USAGE = 2;

/**
 * Runs the command line. Each command's own file says its options and examples; what it works with is
 * loaded only when it runs.
 * @returns exit code: 0 done, 1 failed, 2 wrong usage or invalid input
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const context: CommandContext = { io, done: (code) => (exitCode = code), runCli };
  try {
    await createProgram(context).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : WRONG_USAGE;
    const error = asAppError(thrown);
    if ('findings' in error && Array.isArray(error.findings)) printFindings(io, error.findings);
    else printError(io, error);
    return error.isInputError ? WRONG_USAGE : FAILED;
  }
}

function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('lockkeeper')
    .description('Keeps container images moving through Git, and holds what is locked.')
    .version(manifest.version)
    .showHelpAfterError('(add --help for the options and examples)')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  const commands = [
    selectCommand,
    updateCommand,
    runCommand,
    lockCommand,
    unlockCommand,
    locksCommand,
    validateCommand,
    crdsCommand,
    demoCommand,
  ];
  for (const create of commands) {
    const command = create(context);
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}
