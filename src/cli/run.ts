import { Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { AppError } from '../domain/errors.ts';
import type { Io } from './io.ts';
import { addEngineOptions, collect, withExamples, type EngineOptions } from './options.ts';
import type { CommandContext } from './command.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

interface RunOptions extends EngineOptions {
  readonly standalone?: true;
  readonly config?: readonly string[];
  readonly stateDir?: string;
  readonly listen: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** `lockkeeper run`: the controller. */
export function runCommand({ io, done }: CommandContext): Command {
  const command = new Command('run')
    .description('Run the controller: without a cluster, from resources in a folder.')
    .option('--standalone', 'run without a cluster')
    .option('--config <path>', 'folder or file with the resources (repeatable)', collect)
    .option('--state-dir <dir>', 'folder of the status file')
    .option('--listen <address>', 'where /healthz, /readyz and /metrics are served', ':8080')
    .addOption(
      new Option('--log-level <level>', 'least level logged').choices(LOG_LEVELS).default('info'),
    );
  addEngineOptions(command).action(async (options: RunOptions) => {
    await run(io, options);
    done(0);
  });
  return withExamples(command, [
    'lockkeeper run --standalone --config /etc/lockkeeper',
    'lockkeeper run --standalone --config policies/ --listen 127.0.0.1:9090 --log-level debug',
  ]);
}

async function run(io: Io, options: RunOptions): Promise<void> {
  if (options.standalone === undefined) {
    throw new AppError(
      'usage',
      'running inside a cluster is not built yet; use --standalone --config DIR',
    );
  }
  const { config, ...others } = options;
  if (config === undefined) throw new AppError('usage', '--standalone needs --config DIR');
  const { runController } = await import('../compose/controller.ts');
  await runController(readConfig(io.env), { ...others, configPaths: config }, io.stop);
}
