import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { hasErrors, printFindings, printJson, type Io, type Output } from './io.ts';
import { collect, outputOption, withExamples } from './options.ts';
import { withProgress } from './progress.ts';
import type { CommandContext } from './command.ts';

interface ValidateOptions {
  readonly policies?: readonly string[];
  readonly output: Output;
}

/** `lockkeeper validate`: what is wrong with the manifests and resources of a folder? */
export function validateCommand({ io, done }: CommandContext): Command {
  const command = new Command('validate')
    .description('Check resources, markers and manifests of a folder; prints file:line:col.')
    .argument('<dir>', 'folder with the manifests')
    .option('--policies <path>', 'folder or file with ImagePolicy resources (repeatable)', collect)
    .addOption(outputOption())
    .action(async (dir: string, options: ValidateOptions) => done(await run(io, dir, options)));
  return withExamples(command, [
    'lockkeeper validate .',
    'lockkeeper validate clusters/production --policies policies/ -o json',
  ]);
}

async function run(io: Io, dir: string, options: ValidateOptions): Promise<0 | 1> {
  const { compose } = await import('../compose/ports.ts');
  const { validate } = await import('../app/validate.ts');
  const ports = await compose(readConfig(io.env));
  try {
    const checkout = await ports.open.checkout(dir);
    const paths = options.policies ?? [];
    const policies = await Promise.all(paths.map((path) => ports.open.folder(path)));
    const findings = await withProgress(io, `checking ${dir}`, () =>
      validate(checkout, policies, io.stop),
    );
    if (options.output === 'json') printJson(io, { findings });
    else printFindings(io, findings);
    if (options.output === 'text' && findings.length === 0) io.out('no faults found\n');
    return hasErrors(findings) ? 1 : 0;
  } finally {
    await ports.close();
  }
}
