import { Command, CommanderError } from 'commander';
import { asAppError } from '../domain/errors.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandContext } from './command.ts';
import { printError, printFindings, type Io } from './io.ts';

/** Exit codes (command-line contract). */
const FAILED = 1;
const WRONG_USAGE = 2;

type CreateCommand = (context: CommandContext) => Command;

/** Each command's own file says its options and examples; it is loaded only where it is called for. */
const COMMANDS: ReadonlyMap<string, () => Promise<CreateCommand>> = new Map([
  ['select', async () => (await import('./select.ts')).selectCommand],
  ['update', async () => (await import('./update.ts')).updateCommand],
  ['run', async () => (await import('./run.ts')).runCommand],
  ['status', async () => (await import('./status.ts')).statusCommand],
  ['receivers', async () => (await import('./receivers.ts')).receiversCommand],
  ['lock', async () => (await import('./lock.ts')).lockCommand],
  ['unlock', async () => (await import('./lock.ts')).unlockCommand],
  ['locks', async () => (await import('./locks.ts')).locksCommand],
  ['release', async () => (await import('./release.ts')).releaseCommand],
  ['validate', async () => (await import('./validate.ts')).validateCommand],
  ['crds', async () => (await import('./crds.ts')).crdsCommand],
  ['demo', async () => (await import('./demo.ts')).demoCommand],
]);

/**
 * Runs the command line.
 * @returns exit code: 0 done, 1 failed, 2 wrong usage or invalid input
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const context: CommandContext = { io, done: (code) => (exitCode = code), runCli };
  try {
    const program = await createProgram(context, argv);
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : WRONG_USAGE;
    const error = asAppError(thrown);
    if ('findings' in error && Array.isArray(error.findings)) printFindings(io, error.findings);
    else printError(io, error);
    return error.isInputError ? WRONG_USAGE : FAILED;
  }
}

async function createProgram(context: CommandContext, argv: readonly string[]): Promise<Command> {
  const { io } = context;
  const program = new Command('lockkeeper')
    .description('Keeps container images moving through Git, and holds what is locked.')
    .version(manifest.version)
    .showHelpAfterError('(add --help for the options and examples)')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const load of commandsFor(argv)) {
    const create = await load();
    const command = create(context);
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  return program;
}

/** The command that is called; all of them for help, and to name those there are. */
function commandsFor([first = '']: readonly string[]): Iterable<() => Promise<CreateCommand>> {
  if (first === '--version' || first === '-V') return [];
  const called = COMMANDS.get(first);
  return called === undefined ? COMMANDS.values() : [called];
}
