import { Command, Option } from 'commander';
import type { CarriedOutPass } from '../app/update/update-branch.ts';
import type { UpdateRequest } from '../app/update/update-once.ts';
import { reportOf } from '../app/update/update-report.ts';
import { readConfig } from '../config.ts';
import { hasErrors, printFindings, printJson, type Io, type Output } from './io.ts';
import {
  addRepoOptions,
  collect,
  outputOption,
  withExamples,
  type RepoOptions,
} from './options.ts';
import { withProgress } from './progress.ts';
import { registryWarnings } from './registry-warnings.ts';
import type { CommandContext } from './command.ts';
import { diffText, reportText } from './report-text.ts';
import { targetOf } from './target.ts';

interface UpdateOptions extends RepoOptions {
  readonly policies?: readonly string[];
  readonly automation?: string;
  readonly strategy?: 'Setters' | 'Images';
  readonly path?: readonly string[];
  readonly ignoreWindows?: true;
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
    .option('--ignore-windows', 'write even while spec.windows of the automation are closed')
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
  const { repo, automation, dryRun = false, commit = false } = options;
  const request: UpdateRequest = {
    target: targetOf(dir, options),
    policies: options.policies ?? [],
    dryRun,
    commit,
    ignoreWindows: options.ignoreWindows ?? false,
    update: {
      ...(options.strategy === undefined ? {} : { strategy: options.strategy }),
      ...(options.path === undefined ? {} : { paths: options.path }),
    },
    ...(automation === undefined ? {} : { automation }),
  };
  const [{ compose }, { updateOnce }] = await Promise.all([
    import('../compose/ports.ts'),
    import('../app/update/update-once.ts'),
  ]);
  const ports = await compose(readConfig(io.env), { ...options, ...registryWarnings(io) });
  try {
    const outcome = await withProgress(io, `updating ${repo ?? dir}`, () =>
      updateOnce(ports, request, io.stop),
    );
    return print(io, options, outcome);
  } finally {
    await ports.close();
  }
}

function print(io: Io, options: UpdateOptions, outcome: CarriedOutPass): 0 | 1 {
  const { pass } = outcome;
  const report = reportOf(outcome);
  if (options.output === 'json') {
    printJson(
      io,
      options.dryRun === true ? { ...report, diff: diffText(pass.edits, false) } : report,
    );
  } else {
    if (options.dryRun === true) io.out(diffText(pass.edits, io.colors));
    const verb = options.dryRun === true ? 'would update' : 'updated';
    (options.dryRun === true ? io.err : io.out)(reportText(report, verb));
    printFindings(io, report.findings);
  }
  return hasErrors(report.findings) ? 1 : 0;
}
