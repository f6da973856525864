import { type Command, Option } from 'commander';
import type { GivenSettings } from '../app/update/target.ts';
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

/** Options on how to reach registries and Git. */
export interface EngineOptions {
  readonly gitEngine?: 'auto' | 'native' | 'isomorphic';
  readonly caFile?: string;
  readonly secrets?: string;
}

/** Options that say which repo a command works on, besides a folder. */
export interface RepoOptions extends EngineOptions {
  readonly repo?: string;
  readonly branch?: string;
}

/** Adds {@link EngineOptions} to a command. */
export function addEngineOptions(command: Command): Command {
  return command
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

/** Adds {@link RepoOptions} to a command. */
export function addRepoOptions(command: Command): Command {
  command
    .option('--repo <url>', 'work on this remote repo: commit and push, no checkout')
    .option('--branch <name>', 'branch of --repo (default: that of the automation, or main)');
  return addEngineOptions(command);
}

/** Options that say with whose settings a command works on a repo. */
export interface SettingsOptions extends RepoOptions {
  readonly policies?: readonly string[];
  readonly automation?: string;
}

/** Adds {@link SettingsOptions} to a command that reaches a repo for a person. */
export function addSettingsOptions(command: Command): Command {
  addRepoOptions(command);
  return command
    .option(
      '--policies <path>',
      'folder or file with the ImageUpdateAutomation whose login, author and key to use (repeatable)',
      collect,
    )
    .option('--automation <name>', 'which one, as NAME or NAMESPACE/NAME');
}

/** Settings as they were given. */
export function settingsOf({ policies = [], automation }: SettingsOptions): GivenSettings {
  return { policies, ...(automation === undefined ? {} : { automation }) };
}

/** A new branch to push to. */
export interface PushBranchOptions extends SettingsOptions {
  readonly pushBranch?: string;
}

/** Adds {@link PushBranchOptions} to a command that commits for a person. */
export function addPushBranchOptions(command: Command): Command {
  return addSettingsOptions(command).option(
    '--push-branch <name>',
    'push to this new branch instead, for people to merge',
  );
}

/** Options that say which objects of which cluster. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: readonly string[];
}

/** Adds {@link ClusterOptions} to a command. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, ~/.kube/config, or the Pod’s)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'only this namespace (repeatable; default: all)', collect);
}
