import { Command, Option } from 'commander';
import { reportOf } from '../app/update-report.ts';
import { hasErrors, printFindings, printJson, type Io, type Output } from './io.ts';
import {
  addRepoOptions,
  collect,
  outputOption,
  withExamples,
  type RepoOptions,
} from './options.ts';
import { withProgress } from './progress.ts';
import type { CommandContext } from './program.ts';
import { targetOf } from './target.ts';

interface UpdateOptions extends RepoOptions {
  readonly policies?: readonly string[];
  readonly automation?: string;
  readonly strategy?: 'Setters' | 'Images';
  readonly path?: readonly string[];
  readonly dryRun?: true;
  readonly commit?: true;
  readonly output: Output;
}

/** `lockkeeper update`: one pass over a local folder or a remote repo. */
export function updateCommand({ io, done }: CommandContext): Command {
  const command = new Command('update')
    .description(
      'Scan, select and edit once: a local folder in place, or a remote repo by a commit.',
    )
    .argument('[dir]', 'folder with the manifests')
    .option('--policies <path>', 'folder or file with ImagePolicy resources (repeatable)', collect)
    .option('--automation <name>', 'ImageUpdateAutomation to apply, as NAME or NAMESPACE/NAME')
    .addOption(
      new Option('--strategy <strategy>', 'which fields: marked ones, or image fields too').choices(
        ['Setters', 'Images'],
      ),
    )
    .option('--path <path>', 'only this folder or file of the repo (repeatable)', collect)
    .option('--dry-run', 'print the diff and write nothing')
    .option('--commit', 'commit what was written (a folder in a Git work tree)');
  addRepoOptions(command)
    .addOption(outputOption())
    .action(async (dir: string | undefined, options: UpdateOptions) =>
      done(await update(io, dir, options)),
    );
  return withExamples(command, [
    'lockkeeper update . --dry-run',
    'lockkeeper update clusters/production --policies policies/ --commit',
    'lockkeeper update --repo https://git.example.com/team/config.git --branch main',
  ]);
}

async function update(io: Io, dir: string | undefined, options: UpdateOptions): Promise<0 | 1> {
  const target = targetOf(dir, options);
  const { compose } = await import('../compose.ts');
  const outside = await compose(io.env, options);
  try {
    const outcome = await withProgress(io, `updating ${target.shown}`, () =>
      outside.update(
        {
          target,
          policies: options.policies ?? [],
          dryRun: options.dryRun ?? false,
          commit: options.commit ?? false,
          ...(options.automation === undefined ? {} : { automation: options.automation }),
          update: {
            ...(options.strategy === undefined ? {} : { strategy: options.strategy }),
            ...(options.path === undefined ? {} : { paths: options.path }),
          },
        },
        io.stop,
      ),
    );
    const report = reportOf(outcome.pass, outcome.commit);
    await print(io, options, { report, edits: outcome.pass.edits });
    return hasErrors(report.findings) ? 1 : 0;
  } finally {
    await outside.close();
  }
}
