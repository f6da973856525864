import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { CLOUD_PROVIDERS, type CloudProvider } from '../domain/cloud-registry.ts';
import { AppError } from '../domain/errors.ts';
import type { CommandContext } from './command.ts';
import type { Io } from './io.ts';
import {
  addClusterOptions,
  addEngineOptions,
  collect,
  withExamples,
  type ClusterOptions,
  type EngineOptions,
} from './options.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

interface RunOptions extends EngineOptions, ClusterOptions {
  readonly standalone?: true;
  readonly config?: readonly string[];
  readonly stateDir?: string;
  readonly watchLabelSelector?: string;
  readonly concurrency: number;
  readonly lease: string;
  readonly leaderElection: boolean;
  readonly crossNamespaceRefs: boolean;
  readonly allowProvider?: readonly CloudProvider[];
  readonly listen: string;
  readonly receiverListen?: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** `lockkeeper run`: the controller. */
export function runCommand({ io, done }: CommandContext): Command {
  const command = new Command('run')
    .description('Run the controller: in a cluster, or without one from resources in a folder.')
    .option('--listen <address>', 'where /healthz, /readyz and /metrics are served', ':8080')
    .option(
      '--receiver-listen <address>',
      'where registries tell of pushes (ImageReceivers), such as :9292; default: nowhere',
    )
    .addOption(
      new Option('--log-level <level>', 'least level logged').choices(LOG_LEVELS).default('info'),
    )
    .option('--standalone', 'run without a cluster')
    .option(
      '--config <path>',
      'standalone: folder or file with the resources (repeatable)',
      collect,
    )
    .option('--state-dir <dir>', 'standalone: folder of the status file')
    .option('--watch-label-selector <selector>', 'cluster: only objects with these labels')
    .option('--concurrency <n>', 'cluster: objects of a kind worked on at once', wholeNumber, 4)
    .option('--lease <name>', 'cluster: lease that says which process writes', 'lockkeeper')
    .option('--no-leader-election', 'cluster: there is only this process')
    .option(
      '--no-cross-namespace-refs',
      'refuse what refers to another namespace, even where that grants it',
    );
  command.addOption(
    new Option(
      '--allow-provider <cloud>',
      "cluster: let resources use this process's identity at aws, azure or gcp (repeatable)",
    ).argParser(collectProvider),
  );
  addEngineOptions(addClusterOptions(command)).action(async (options: RunOptions) => {
    if (options.standalone === true) await runStandalone(io, options);
    else await runInCluster(io, options);
    done(0);
  });
  return withExamples(command, [
    'lockkeeper run',
    'lockkeeper run --namespace apps --watch-label-selector shard=1 --lease lockkeeper-1',
    'lockkeeper run --standalone --config policies/ --listen 127.0.0.1:9090 --log-level debug',
  ]);
}

async function runStandalone(io: Io, { config, ...others }: RunOptions): Promise<void> {
  if (config === undefined) throw new AppError('usage', '--standalone needs --config DIR');
  const { runStandaloneService } = await import('../compose/standalone.ts');
  await runStandaloneService(readConfig(io.env), { ...others, configPaths: config }, io.stop);
}

async function runInCluster(io: Io, options: RunOptions): Promise<void> {
  if (options.config !== undefined) throw new AppError('usage', '--config goes with --standalone');
  const { namespace = [], watchLabelSelector, leaderElection, lease, ...others } = options;
  const { runClusterService } = await import('../compose/cluster.ts');
  await runClusterService(
    readConfig(io.env),
    {
      ...others,
      scope: {
        namespaces: namespace,
        ...(watchLabelSelector === undefined ? {} : { labelSelector: watchLabelSelector }),
      },
      ...(leaderElection ? { lease } : {}),
    },
    io.stop,
  );
}

function collectProvider(
  text: string,
  before: readonly CloudProvider[] = [],
): readonly CloudProvider[] {
  const provider = CLOUD_PROVIDERS.find((known) => known === text);
  if (provider !== undefined) return [...before, provider];
  throw new InvalidArgumentError(`must be one of ${CLOUD_PROVIDERS.join(', ')}.`);
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be a whole number from 1 to 9999.');
}
