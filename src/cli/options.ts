import { Command, InvalidArgumentError, Option } from 'commander';
import { OUTPUTS } from './io.ts';

/** `-o text|json`. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how results are printed')
    .choices(OUTPUTS)
    .default('text');
}

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** A section of examples at the end of `--help`. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`,
  );
}

/** Options that say which repo a command works on, besides a folder. */
export interface RepoOptions {
  readonly repo?: string;
  readonly branch?: string;
  readonly gitEngine?: 'auto' | 'native' | 'isomorphic';
  readonly caFile?: string;
  readonly secrets?: string;
}

/** Adds {@link RepoOptions} to a command. */
export function addRepoOptions(command: Command): Command {
  return command
    .option('--repo <url>', 'work on this remote repo: commit and push, no checkout')
    .option('--branch <name>', 'branch of --repo (default: main)')
    .addOption(
      new Option('--git-engine <engine>', 'how to speak Git').choices([
        'auto',
        'native',
        'isomorphic',
      ]),
    )
    .option('--ca-file <file>', 'PEM certificates to trust besides the system’s')
    .option('--secrets <dir>', 'folder with Secrets: DIR/NAMESPACE/NAME/KEY');
}

/** A whole number of at least 1. */
export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError('must be a whole number of at least 1');
  }
  return number;
}
