import { Command } from 'commander';
import type { ReleaseOutcome } from '../app/holds/release-holds.ts';
import { parseLockTarget } from '../app/locks/lock-target.ts';
import { readConfig } from '../config.ts';
import { AppError } from '../domain/errors.ts';
import type { CommandContext } from './command.ts';
import { printJson, type Io, type Output } from './io.ts';
import { addRepoOptions, outputOption, withExamples, type RepoOptions } from './options.ts';
import { withProgress } from './progress.ts';

interface ReleaseOptions extends RepoOptions {
  readonly namespace?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly output: Output;
}

/** `lockkeeper release`: let a field move on that a person had moved back. */
export function releaseCommand({ io }: CommandContext): Command {
  const command = new Command('release')
    .description('Lift the hold of a field that was moved back by hand, in Git.')
    .argument('<place>', 'KIND/NAME, ImagePolicy/NAME, or FILE:LINE')
    .option('-n, --namespace <namespace>', 'namespace of KIND/NAME')
    .option('--by <who>', 'who releases it (default: $USER)')
    .option('--reason <text>', 'why, for those who read it')
    .option('--dry-run', 'say what would be released and write nothing');
  addRepoOptions(command)
    .addOption(outputOption())
    .action((place: string, options: ReleaseOptions) => release(io, place, options));
  return withExamples(command, [
    'lockkeeper release Deployment/podinfo -n apps --repo https://git.example.com/team/config.git',
    'lockkeeper release charts/values.yaml:14 --reason "6.2.0 is fine" --repo https://git.example.com/team/config.git',
  ]);
}

async function release(io: Io, place: string, options: ReleaseOptions): Promise<void> {
  const { repo, branch = 'main', reason, dryRun = false } = options;
  if (repo === undefined) {
    throw new AppError('usage', 'holds are part of history: name the repo with --repo URL');
  }
  const config = readConfig(io.env);
  const by = options.by ?? config.user;
  for (const [name, text] of Object.entries({ by, reason })) {
    if (text !== undefined && /[\r\n]/.test(text)) {
      throw new AppError('usage', `--${name} must be a single line`);
    }
  }
  const request = {
    target: { kind: 'remote', url: repo, branch } as const,
    place: parseLockTarget(place, options.namespace),
    dryRun,
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
  const { compose } = await import('../compose/ports.ts');
  const { releaseHolds } = await import('../app/holds/release-holds.ts');
  const ports = await compose(config, options);
  try {
    const outcome = await withProgress(io, `releasing ${place}`, () =>
      releaseHolds(ports, request, io.stop),
    );
    print(io, options, outcome);
  } finally {
    await ports.close();
  }
}

function print(io: Io, { output, dryRun }: ReleaseOptions, outcome: ReleaseOutcome): void {
  if (output === 'json') {
    printJson(io, outcome);
    return;
  }
  const verb = dryRun === true ? 'would release' : 'released';
  for (const { path, line, policy, rejected } of outcome.holds) {
    io.out(`${verb} ${path}:${line} (${policy}): ${rejected} may be written again\n`);
  }
  if (outcome.commit !== undefined) io.out(`commit ${outcome.commit.slice(0, 12)}\n`);
}
