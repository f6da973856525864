import { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { CommandContext } from './command.ts';
import { printJson, type Output } from './io.ts';
import { collect, outputOption, withExamples } from './options.ts';
import { renderTable } from './table.ts';

interface ReceiversOptions {
  readonly config: readonly string[];
  readonly secrets?: string;
  readonly output: Output;
}

/** `lockkeeper receivers`: where registries send to, without a cluster; in one, status says it. */
export function receiversCommand({ io, done }: CommandContext): Command {
  const command = new Command('receivers')
    .description('Show where registries send to: the paths of ImageReceivers in a folder.')
    .requiredOption('--config <path>', 'folder or file with the resources (repeatable)', collect)
    .option('--secrets <dir>', 'folder with Secrets: DIR/NAMESPACE/NAME/KEY')
    .addOption(outputOption())
    .action(async ({ config, output, ...others }: ReceiversOptions) => {
      const { listReceivers } = await import('../compose/receivers.ts');
      const options = { ...others, configPaths: config };
      const receivers = await listReceivers(readConfig(io.env), options, io.stop);
      if (output === 'json') printJson(io, { receivers });
      else if (receivers.length === 0) io.out('there are no ImageReceivers\n');
      else {
        const rows = receivers.map(({ receiver, type, path, problem = '' }) => [
          receiver,
          type,
          path ?? `(${problem})`,
        ]);
        io.out(renderTable([['RECEIVER', 'TYPE', 'PATH'], ...rows]));
      }
      done(receivers.some(({ path }) => path === undefined) ? 1 : 0);
    });
  return withExamples(command, [
    'lockkeeper receivers --config config/',
    'lockkeeper receivers --config config/ --secrets secrets/ -o json',
  ]);
}
